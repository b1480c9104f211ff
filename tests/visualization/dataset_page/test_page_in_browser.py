"""The page in a headless browser: what it draws, and what its controls do."""

import json
import re
import shutil
import subprocess

import numpy as np
import pytest

from lidnet_mm.visualization.dataset_page.choice import SliceChoice, choose_slices
from lidnet_mm.visualization.dataset_page.loading import load_slices
from lidnet_mm.visualization.dataset_page.page import PageSettings, write_dataset_page
from lidnet_mm.visualization.dataset_page.parts import parts_of_folder
from lidnet_mm.visualization.dataset_page.shown_slice import SliceName, UnreadableSlice
from lidnet_mm.visualization.dataset_page.windows import choose_windows

PROBE = """<script>
const errors = [];
addEventListener("error", event => errors.push(String(event.message)));
addEventListener("unhandledrejection", event => errors.push(String(event.reason)));
addEventListener("securitypolicyviolation", event => errors.push(event.blockedURI));
const wait = () => new Promise(done => setTimeout(done, 150));
const find = (selector, of = document) => of.querySelector(selector);
const article = () => find("article:not([hidden])");
const press = async key => {
  document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
  await wait();
};
const choose = async (id, value) => {
  find(id).value = value;
  find(id).dispatchEvent(new Event("change"));
  await wait();
};
const grey = name => {
  const canvas = find(`[data-panel=${name}] canvas`, article());
  const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  return [...pixels].filter((_, at) => at % 4 === 1);
};
const shown = () => find("h3", article()).textContent.trim();
const isSeen = element => element.getClientRects().length > 0;
addEventListener("load", async () => {
  const found = {};
  try {
    await wait();
    await probe(found);
  } catch (error) { errors.push(String(error)); }
  document.title = "done " + JSON.stringify({ ...found, errors });
});
async function probe(found) { STEPS }
</script></body>"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    """Command line of a headless browser."""
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("no chromium to open the page with")
    profile = tmp_path_factory.mktemp("profile")
    return [path, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
            f"--user-data-dir={profile}", "--window-size=1400,1000", "--enable-logging=stderr",
            "--virtual-time-budget=10000"]  # fmt: skip


@pytest.fixture(scope="module")
def page_text(tmp_path_factory, root):
    """The six slices of the known data set and an unreadable one, window -50 to 350 HU."""
    parts = parts_of_folder(root)
    entries = load_slices(choose_slices(parts, SliceChoice(number=None)))
    lost = UnreadableSlice(SliceName("train", "case_0003", "", 5), "its volume is missing")
    path = tmp_path_factory.mktemp("page") / "page.html"
    settings = PageSettings("Mine", windows=choose_windows(["-50", "350"]))
    write_dataset_page([*entries, lost], parts, path, settings)
    return path.read_text(encoding="utf-8")


@pytest.fixture
def probe(tmp_path, browser, page_text):
    """Function that runs steps in the page and returns what they found."""

    def run(steps, hash=""):
        path = tmp_path / "probed.html"
        path.write_text(page_text.replace("</body>", PROBE.replace("STEPS", steps)))
        done = subprocess.run(
            [*browser, "--dump-dom", path.as_uri() + hash],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        found = re.search(r"<title>done (.*?)</title>", done.stdout)
        assert found, done.stderr
        said = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
        # The only message is about the probe, which reads canvases back.
        assert not [line for line in said if "willReadFrequently" not in line]
        result = json.loads(found.group(1).replace("&lt;", "<").replace("&amp;", "&"))
        assert result.pop("errors") == []
        return result

    return run


def greys(hu, low, high):
    """The closed form of a window: 0 at its lower end, 255 at its upper end."""
    return np.floor(np.clip((hu - low) / (high - low), 0, 1) * 255 + 0.5).ravel()


def test_pictures_are_the_windowed_hu_ldct_left_ndct_right(dataset, probe):
    found = probe(
        """
        await press("ArrowRight");
        found.ldct = grey("ldct"); found.ndct = grey("ndct");
        await press("d"); found.difference = grey("difference");
        await press("3"); found.lung = grey("ndct");
        found.limits = [find("#low").value, find("#high").value];
        await choose("#low", "0"); await choose("#high", "100"); found.own = grey("ndct");
        found.option = find("#window").value;
        const sides = [...article().querySelectorAll(".panel")];
        found.order = sides.map(panel => panel.dataset.panel);
        found.left = sides.map(panel => panel.getBoundingClientRect().left);
        """
    )
    ndct = dataset.ndct_of(0)[1].astype(float)
    for name, hu, window in (
        ("ldct", ndct + dataset.LDCT_OFFSET, (-50, 350)),
        ("ndct", ndct, (-50, 350)),
        ("lung", ndct, (-1350, 150)),
        ("own", ndct, (0, 100)),
        ("difference", np.full_like(ndct, dataset.LDCT_OFFSET), (-10, 10)),
    ):
        np.testing.assert_allclose(found[name], greys(hu, *window), atol=1, err_msg=name)
    assert found["limits"] == ["-1350", "150"]
    assert found["option"] == "own"
    assert found["order"] == ["ldct", "ndct", "difference"]
    assert found["left"] == sorted(found["left"]) and len(set(found["left"])) == 3


def test_keys_lead_through_the_slices_and_switch_overlays(probe):
    found = probe(
        """
        found.names = [shown()];
        for (const key of ["ArrowRight", "ArrowRight", "ArrowLeft", "End", "ArrowRight", "Home",
                           "ArrowLeft"]) {
          await press(key);
          found.names.push(shown());
        }
        found.position = find("#position").textContent;
        found.ends = [find("#previous").disabled, find("#next").disabled];
        await press("ArrowRight");
        const rect = () => isSeen(find("rect", article()));
        found.boxes = [rect()];
        await press("b"); found.boxes.push(rect(), find("#boxes").checked);
        await press("b"); found.boxes.push(rect());
        const panel = find("[data-panel=difference]", article());
        found.difference = [isSeen(panel)];
        await press("d"); found.difference.push(isSeen(panel));
        await press("d"); found.difference.push(isSeen(panel));
        find("#low").focus();
        find("#low").dispatchEvent(new KeyboardEvent("keydown", { key: "b", bubbles: true }));
        found.typing = find("#boxes").checked;
        """
    )
    slices = [f"case_000{patient}, slice {index}" for patient in (1, 2) for index in range(3)]
    slices.append("case_0003, slice 5")
    assert found["names"] == [slices[index] for index in (0, 1, 2, 1, 6, 6, 0, 0)]
    assert found["position"] == "1 of 7"
    assert found["ends"] == [True, False]
    assert found["boxes"] == [True, False, False, True]
    assert found["difference"] == [False, True, False]
    assert found["typing"] is True


def test_filter_leaves_the_slices_of_a_kind(probe):
    found = probe(
        """
        const walk = async kind => {
          await choose("#filter", kind);
          const names = [shown()];
          while (!find("#next").disabled) { find("#next").click(); await wait();
                                            names.push(shown()); }
          const sheet = [...document.querySelectorAll(".sheet li")].filter(isSeen).length;
          return [names, sheet];
        };
        found.lesions = await walk("lesions");
        found.negatives = await walk("negatives");
        found.unreadable = await walk("unreadable");
        found.all = await walk("all");
        """
    )
    assert found["lesions"] == [["case_0001, slice 1", "case_0002, slice 1"], 2]
    assert found["negatives"][0] == [f"case_000{p}, slice {i}" for p in (1, 2) for i in (0, 2)]
    assert found["unreadable"] == [["case_0003, slice 5"], 1]
    assert found["all"][1] == 7


def test_an_address_names_a_slice_and_the_sheet_leads_there(probe):
    found = probe(
        """
        found.first = shown();
        find(".sheet a[href='#slice-2']").click();
        await wait();
        found.second = shown();
        found.current = find("[aria-current]").getAttribute("href");
        found.painted = new Set(grey("ndct")).size;
        """,
        hash="#slice-5",
    )
    assert (found["first"], found["second"]) == ("case_0002, slice 1", "case_0001, slice 1")
    assert found["current"] == "#slice-2"
    assert found["painted"] > 20


def test_zoom_keeps_boxes_on_their_pixels(dataset, probe):
    found = probe(
        """
        await press("ArrowRight");
        await press("z");
        const stage = find(".stage", article()).getBoundingClientRect();
        const canvas = find("canvas", article()).getBoundingClientRect();
        const rect = find("rect", article()).getBoundingClientRect();
        found.scale = canvas.width / stage.width;
        found.box = [rect.left - canvas.left, rect.top - canvas.top,
                     rect.right - canvas.left, rect.bottom - canvas.top];
        found.pixel = [canvas.width / 32, canvas.height / 24];
        found.covers = canvas.left <= stage.left + 1 && canvas.right >= stage.right - 1;
        await press("z");
        found.whole = find("canvas", article()).getBoundingClientRect().width / stage.width;
        """
    )
    pixels = np.array(found["box"]) / (found["pixel"] * 2)
    np.testing.assert_allclose(pixels, dataset.BOX, atol=0.1)
    assert found["covers"]
    assert found["whole"] == pytest.approx(1)


def test_pointer_reads_hu(probe, dataset):
    found = probe(
        """
        const canvas = find("[data-panel=ndct] canvas", article());
        const frame = canvas.getBoundingClientRect();
        canvas.dispatchEvent(new PointerEvent("pointermove", { bubbles: true,
          clientX: frame.left + frame.width * 10.5 / 32,
          clientY: frame.top + frame.height * 4.5 / 24 }));
        await wait();
        found.readout = find(".readout", article()).textContent;
        """
    )
    hu = dataset.ndct_of(0)[0][4, 10]
    expected = ["x 10, y 4", f"LDCT {hu + 40} HU", f"NDCT {hu} HU", "difference 40 HU"]
    assert found["readout"].split("   ") == expected


def test_all_slices_are_printed(probe):
    found = probe(
        """
        const printed = new Promise(done => {
          window.print = () => done([document.body.className,
            [...document.querySelectorAll("article")].map(one => one.dataset.drawn || "")]);
        });
        find("#print").click();
        found.printed = await printed;
        """
    )
    assert found["printed"] == ["printing-all", ["-50 350"] * 6 + ["-50 350"]]


FRAME = """<!doctype html><title>waiting</title><script>
addEventListener("message", event => { document.title = event.data; });</script>
<iframe src="framed.html" style="border: 0; width: WIDTHpx; height: 900px"></iframe>"""
ASK = """<script>addEventListener("load", () => setTimeout(() => {
  const panels = [...document.querySelectorAll("article:not([hidden]) .panel:not([hidden])")];
  const tops = new Set(panels.map(panel => panel.getBoundingClientRect().top));
  parent.postMessage(`done ${document.documentElement.scrollWidth > innerWidth} ${tops.size}`, "*");
}, 200));</script></body>"""


@pytest.mark.parametrize(("width", "rows"), [(400, 2), (1280, 1)])
def test_panels_fit_the_width(tmp_path, browser, page_text, width, rows):
    """No sideways scrolling; pictures side by side where there is room, else one below another."""
    (tmp_path / "framed.html").write_text(page_text.replace("</body>", ASK), encoding="utf-8")
    frame = tmp_path / "frame.html"
    frame.write_text(FRAME.replace("WIDTH", str(width)))
    done = subprocess.run(
        [*browser, "--dump-dom", frame.as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    found = re.search(r"<title>([^<]*)</title>", done.stdout)
    assert found, done.stderr
    assert found.group(1) == f"done false {rows}"
