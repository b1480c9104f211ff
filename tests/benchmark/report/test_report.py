import re
import shutil
import subprocess
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from report_page import PROVENANCE, Page

from lidnet_mm.benchmark import Case, Curves, read_training_log, write_report
from lidnet_mm.benchmark.report.failed_cell import FailedCell
from lidnet_mm.evaluation.region_track import RegionTrack


@pytest.fixture(scope="module")
def case():
    rng = np.random.default_rng(0)
    images = {name: rng.normal(0, 80, (48, 48)) for name in ("LDCT", "baseline", "LIDnet", "NDCT")}
    boxes = np.array([[10.0, 12, 26, 30]])
    found = {"LIDnet": (boxes + 1, np.array([0.83]))}
    return Case("case_0003, slice 12", images, boxes, found, (-160, 240))


@pytest.fixture(scope="module")
def rows(make_row, ndct_row):
    return [
        make_row("ldct", denoiser="none", AP50=7.2),
        *[make_row("baseline", seed, AP50=41.0 + seed) for seed in range(3)],
        *[make_row("lidnet", seed, AP50=48.0 + seed, detector="R18") for seed in range(3)],
        ndct_row,
    ]


@pytest.fixture(scope="module")
def page_path(tmp_path_factory, rows, case, write_log, phased_entries):
    folder = tmp_path_factory.mktemp("report")
    log = write_log(folder / "scalars.json", phased_entries)
    curves = [read_training_log(log, f"LIDnet, seed {seed}") for seed in range(2)]
    return write_report(rows, folder / "report", curves, [case], PROVENANCE, "Sarcoma <CT> & dose")


@pytest.fixture(scope="module")
def page(page_path):
    return Page(page_path.read_text(encoding="utf-8"))


def test_files_are_written_whole(page_path):
    assert sorted(path.name for path in page_path.parent.iterdir()) == [
        "index.html",
        "report.md",
        "report.tex",
    ]


def test_page_is_balanced_html_with_unique_ids(page):
    assert page.open == []
    assert len(page.ids) == len(set(page.ids))


def test_page_needs_no_network(page, page_path):
    assert all(link.startswith(("data:", "#")) for link in page.links)
    assert {link[1:] for link in page.links if link.startswith("#")} <= set(page.ids)
    text = re.sub(r'"data:[^"]+"|<script type="text/plain".*?</script>', "", page_path.read_text())
    assert not re.search(r"https?:|//\w|@import|<script src|<link|url\((?!#)", text)
    assert "default-src 'none'" in text


def test_text_of_the_user_is_escaped(page, page_path):
    assert "Sarcoma &lt;CT&gt; &amp; dose" in page_path.read_text(encoding="utf-8")
    assert "Sarcoma <CT> & dose" in page.texts


def test_page_states_where_numbers_come_from(page):
    text = " ".join(" ".join(page.texts).split())
    for fact in (
        "0123456789ab", "2025-01-31", "2 CPU cores", "simulated, 60 HU noise", "judge_sts",
        "lidnet_cpce_sts", "torch 2.13.0", "[-160, 240]", "data range 1", "case_0003, slice 12",
        "score of at least 0.3", "geometry fan, noise_hu 60", "judge_sts SHA-256", "5ad1f0",
    ):  # fmt: skip
        assert fact in text, fact


def test_table_holds_the_numbers_and_emphasises_none(page, page_path):
    text = " ".join("".join(page.texts).split())
    for number in ("7.2", "42.0", "49.0", "57.9", "∞"):
        assert number in text
    assert not {tag for tag, _ in page.tags} & {"b", "strong"}
    assert re.search(r"th, td \{ font-weight: 400", page_path.read_text(encoding="utf-8"))


def test_markdown_has_the_same_numbers(page, page_path):
    lines = (page_path.parent / "report.md").read_text(encoding="utf-8").splitlines()
    html = "".join(page.texts)
    for line in [
        line for line in lines if line.startswith(("| LDCT", "| Base", "| LID", "| NDCT"))
    ]:
        for value in line.strip("| ").split(" | ")[3:]:
            assert all(part in html for part in value.split(" ± ")), value


def test_pictures_have_words(page):
    images = [attrs for tag, attrs in page.tags if tag == "img"]
    assert len(images) == 4
    assert all("case_0003" in image["alt"] for image in images)
    figures = [attrs for tag, attrs in page.tags if tag == "figure" and "role" in attrs]
    assert len(figures) == 8
    assert all("LIDnet, seed" in figure["aria-label"] for figure in figures)


def test_report_without_curves_and_cases_has_no_empty_section(tmp_path, rows):
    text = write_report(rows, tmp_path, [], [], PROVENANCE, "x").read_text(encoding="utf-8")
    for absent in ("Cases</h2>", "Losses</h2>", "Along training</h2>", "<script"):
        assert absent not in text
    assert Page(text).open == []


def test_a_training_without_phases_does_not_speak_of_them(tmp_path, rows):
    curves = Curves("Baseline", np.array([1, 2]), np.zeros(2, int), {"loss": np.array([2.0, 1.0])})
    text = write_report(rows, tmp_path, [curves], [], PROVENANCE, "x").read_text(encoding="utf-8")
    assert "In T2" not in text and "without phases" in text
    assert "Wasserstein" not in text


@pytest.fixture(scope="module")
def grouped(tmp_path_factory, make_row, ndct_row, case):
    """Page on two denoisers and a filter, each slice by nine of them."""
    rows = [
        make_row("ldct", denoiser="none"),
        make_row("classical", denoiser="Bilateral"),
        *[make_row(denoiser=name) for name in ("CPCE", "REDCNN")],
        *[make_row("lidnet", denoiser=name, detector="R18") for name in ("CPCE", "REDCNN")],
        ndct_row,
    ]
    images = {f"{title} {n}": image for n in range(2) for title, image in case.images.items()}
    many = Case(case.name, {**images, "last": images["LDCT 0"]}, case.ground_truth, {}, (-160, 240))
    folder = tmp_path_factory.mktemp("grouped")
    return write_report(rows, folder, [], [many], PROVENANCE, "x").read_text(encoding="utf-8")


def test_denoisers_of_a_page_are_groups_of_lines(grouped):
    table = grouped[grouped.index('<table class="by-method">') :].split("</table>")[0]
    bodies = table.split("<tbody>")[1:]
    heads = [re.findall(r'<th scope="(\w+)" class="method">([^<]+)', body) for body in bodies]
    assert heads == [
        [("row", "LDCT"), ("row", "Classical")],
        [("rowgroup", "CPCE"), ("row", "Baseline"), ("row", "LIDnet")],
        [("rowgroup", "REDCNN"), ("row", "Baseline"), ("row", "LIDnet")],
        [("row", "NDCT")],
    ]
    assert re.findall(r"<span>(\w+)</span></th>", table) == ["Bilateral", "R18", "R18"]
    assert Page(grouped).open == []


def test_one_denoiser_is_named_in_each_line(page_path):
    text = page_path.read_text(encoding="utf-8")
    table = text[text.index('<table class="by-method">') :].split("</table>")[0]
    assert table.count("<tbody>") == 1
    body = table.split("<tbody>")[1]
    assert re.findall(r"<span>([\w, ]+)</span></th>", body) == ["CPCE", "CPCE, R18"]


def test_only_a_training_with_a_critic_explains_its_estimate(
    tmp_path, rows, write_log, adversarial_entries
):
    curves = read_training_log(write_log(tmp_path / "scalars.json", adversarial_entries), "GAN")
    text = write_report(rows, tmp_path, [curves], [], PROVENANCE, "x").read_text(encoding="utf-8")
    assert "The Wasserstein estimate is" in text
    assert "<figcaption>Wasserstein estimate</figcaption>" in text
    assert "In T2" not in text


def test_no_patient_and_no_folder_of_the_machine_is_in_it(tmp_path, rows, case, make_row):
    """Whatever names the data have."""
    folder = tmp_path / "joe" / "secret_study"
    cases = [
        replace(case, name=name)
        for name in ("Quux^Zebedee, slice 12", "Quux^Zebedee, series 1.2.840.113619, slice 13")
    ]
    failed = [FailedCell("lidnet seed 1", f"lidnet_seed1 failed, see {folder}/log.txt")]
    provenance = replace(
        PROVENANCE, configs={"judge": f"{folder}/judge.py"}, notes={"data": f"from {folder}/data"}
    )
    track = RegionTrack("Quux^Zebedee, slice 12", (0,), (np.ones((1, 4)),), np.zeros((9, 9)))
    page = write_report(rows, folder, [], cases, provenance, "x", {}, failed, regions=[track])
    for path in folder.iterdir():
        text = path.read_text(encoding="utf-8")
        for word in ("Quux", "Zebedee", "113619", "secret_study", str(tmp_path)):
            assert word not in text, (path.name, word)
    text = page.read_text(encoding="utf-8")
    assert text.count("patient 1, slice 12") >= 3  # viewer, paper, regions: the same number
    assert "patient 1, series #1, slice 13" in text
    assert "lidnet_seed1 failed, see log.txt" in text


@pytest.mark.parametrize("dose", ["60 HU", ""])
def test_a_dose_that_the_comparison_does_not_name_is_left_out(tmp_path, rows, dose):
    write_report(rows, tmp_path, [], [], replace(PROVENANCE, dose=dose), "x")
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert ("<li>dose:" in page, "<dt>Dose</dt>" in page) == (bool(dose), bool(dose))
    assert ("Dose:" in (tmp_path / "report.md").read_text(encoding="utf-8")) == bool(dose)


def test_missing_rows_and_mixtures_stand_at_the_top(tmp_path, rows, make_row):
    mixed = [*rows, make_row("matched", commit="ba9876543210")]
    mixed.append(make_row("joint", window_hu=(-1000, 400)))
    failed = [FailedCell("lidnet seed 7", "lidnet_seed7 failed with status 1, see <log>")]
    page = write_report(mixed, tmp_path, [], [], PROVENANCE, "x", failed=failed)
    text = page.read_text(encoding="utf-8")
    top = text[: text.index('id="comparison"') if 'id="comparison"' in text else None]
    for words in (
        "of 2 commits of the code: 0123456789ab, ba9876543210",
        "on 2 HU windows: [-160, 240], [-1000, 400]",
        "Missing: lidnet seed 7",
        "lidnet_seed7 failed with status 1, see &lt;log&gt;",
    ):
        assert words in top, words
    lines = page.with_name("report.md").read_text()
    assert "- lidnet seed 7: lidnet_seed7 failed with status 1, see &lt;log&gt;\n" in lines
    assert 'class="flags"' not in write_report(rows, tmp_path, [], [], PROVENANCE, "x").read_text()


def test_a_report_of_nothing_is_refused(tmp_path):
    with pytest.raises(ValueError, match="at least one row"):
        write_report([], tmp_path, [], [], PROVENANCE, "x")
    assert list(tmp_path.iterdir()) == []


PROBE = """<script>addEventListener('load', () => {
  const shown = name => getComputedStyle(document.querySelector(name)).display;
  const broken = [...document.images].filter(image => !image.naturalWidth).length;
  const overflows = document.documentElement.scrollWidth > innerWidth;
  parent.postMessage(
    [innerWidth, overflows, broken, shown('.by-metric'), shown('.by-method')].join(' '), '*');
});</script></body>"""
FRAME = """<!doctype html><title>waiting</title>
<script>addEventListener('message', event => { document.title = event.data; });</script>
<iframe src="probed.html" style="border: 0; width: WIDTHpx; height: 900px"></iframe>"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    """Command line of a headless browser."""
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("no chromium to open the page with")
    profile = tmp_path_factory.mktemp("profile")
    return [path, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
            f"--user-data-dir={profile}", "--window-size=1400,1000",
            "--virtual-time-budget=5000"]  # fmt: skip


@pytest.mark.parametrize(
    ("width", "by_metric", "by_method"), [(400, "table", "none"), (1280, "none", "table")]
)
def test_browser_lays_the_page_out(tmp_path, browser, page_path, width, by_metric, by_method):
    """No sideways scrolling, no broken picture, and the table that fits the width.

    The page is framed, since a browser's own window does not get as narrow as a phone.
    """
    text = page_path.read_text(encoding="utf-8")
    (tmp_path / "probed.html").write_text(text.replace("</body>", PROBE), encoding="utf-8")
    frame = tmp_path / "frame.html"
    frame.write_text(FRAME.replace("WIDTH", str(width)))
    done = subprocess.run(
        [*browser, "--dump-dom", frame.as_uri()], capture_output=True, text=True, timeout=120
    )
    found = re.search(r"<title>([^<]*)</title>", done.stdout)
    assert found, done.stderr
    assert found.group(1) == f"{width} false 0 {by_metric} {by_method}"


def test_browser_paints_the_page(tmp_path, browser, page_path):
    picture = tmp_path / "page.png"
    subprocess.run(
        [*browser, f"--screenshot={picture}", page_path.as_uri()],
        capture_output=True,
        timeout=120,
        check=True,
    )
    grey = np.asarray(Image.open(picture).convert("L"), dtype=float)
    assert grey.shape == (1000, 1400)
    assert grey.std() > 5
