"""Free text in each place of a report stays text, in HTML, Markdown, LaTeX and figures."""

import json
import re
import subprocess
import sys

import numpy as np
import pytest
from markdown_it import MarkdownIt
from report_page import PROVENANCE, Page

from lidnet_mm.benchmark import Case, Curves, write_report
from lidnet_mm.benchmark.evidence.bootstrap import Difference
from lidnet_mm.benchmark.evidence.evidence import (
    Evidence,
    LineDetection,
    LineDifference,
    line_key,
    write_evidence,
)
from lidnet_mm.benchmark.evidence.judged_curves import write_judged_curves
from lidnet_mm.benchmark.evidence.line_physics import LinePhysics, Physics, write_physics_lines
from lidnet_mm.benchmark.report.failed_cell import FailedCell
from lidnet_mm.benchmark.report.results_page import write_results_page
from lidnet_mm.benchmark.scores.provenance import Provenance
from lidnet_mm.benchmark.scores.results import write_results
from lidnet_mm.evaluation.froc import FALSE_POSITIVES
from lidnet_mm.evaluation.region_track import RegionTrack

MARK = "zqz"
NASTY = (
    f'_{MARK}" onload="alert(1)" \'<img src=x onerror=alert(1)><b>{MARK}</b></script>'
    "<script>alert(1)</script><!-- ]]> [a](javascript:alert(1)) ![b](//host.example/p.png) "
    f"[c]: //host.example `d` **{MARK}** ~~e~~ $\\frac{{ &lt; &amp &#60;i&#62; | \\input{{x}} "
    f'% ^^M #1 {{{{ 7*7 }}}} id="x" href="#x" url(#x #010101\n# head\n---\n'
    f"{MARK} \udcff \x07 \x00 }}"
)


def nasty(place):
    """The text of a place, for the message of a failure."""
    return f"{NASTY} {MARK}{place}"


@pytest.fixture(scope="module")
def content(make_row, ndct_row):
    """What a report is made of, with the text wherever a name can stand."""
    names = {"dataset": nasty("dataset"), "judge": nasty("judge")}
    rows = [
        make_row("baseline", seed, denoiser=nasty("denoiser"), commit=nasty("commit"), **names)
        for seed in range(2)
    ]
    rows += [
        make_row("lidnet", seed, denoiser=nasty(name), detector=nasty("detector"), **names)
        for seed in range(2)
        for name in ("denoiser", "other")
    ]
    key = line_key(rows[2])
    found = Difference("AP50", 1.0, 0.5, 1.5, 12, (2, 2), 1000)
    points = (0.5,) * len(FALSE_POSITIVES)
    sizes = ((0, 6, 3, 0.5),)
    evidence = Evidence(
        (LineDifference(key, "baseline", found),),
        (LineDetection(key, (0.125, 1.0), (0.5, 0.6), points, (0.4, 0.5), sizes, {}),),
    )
    curve = (np.array([0.0, 0.2, 0.4]), np.array([1.0, 2.0, 1.0]))
    curves = dict.fromkeys(("noise", "soft", "air"), curve)
    physics = Physics((LinePhysics(key, {"nps_std_hu": (1.0, 2.0)}, curves),), (nasty("missing"),))
    return rows, evidence, physics


@pytest.fixture(scope="module")
def folder(tmp_path_factory, content):
    """A folder with the report."""
    rows, evidence, physics = content
    images = {nasty(title): np.zeros((9, 9)) for title in ("first", "second")}
    case = Case(nasty("patient") + ", slice 1", images, np.ones((1, 4)), {}, (-160, 240))
    losses = {"loss": np.array([2.0, 1.0]), f"loss_{nasty('loss')}": np.array([2.0, 1.0]),
              "loss_reconstruction": np.array([1.0, 1.0])}  # fmt: skip
    steps = (np.array([1, 2]), np.array([10.0, 20.0]))
    training = Curves(nasty("training"), np.array([1, 2]), np.zeros(2, int), losses,
                      {nasty("metric"): steps}, "lidnet", nasty("group"), {"AP50": steps},
                      0)  # fmt: skip
    provenance = Provenance(
        configs={nasty("config"): nasty("base")},
        commit=nasty("commit"), date=PROVENANCE.date, machine=nasty("machine"),
        versions={nasty("package"): nasty("version")}, window_hu=(-160, 240), dose=nasty("dose"),
        texture=nasty("texture"),
        judges={nasty("judged"): nasty("sha")}, low_dose=(nasty("low dose"),),
        notes={nasty("note"): nasty("noted")},
    )  # fmt: skip
    track = RegionTrack(nasty("slice"), (0,), (np.ones((1, 4)),), np.zeros((9, 9)),
                        label=nasty("track"))  # fmt: skip
    out = tmp_path_factory.mktemp("report")
    failed = [FailedCell(nasty("failed"), nasty("reason"))]
    write_report(rows, out, [training], [case], provenance, nasty("title"),
                 {nasty("line"): nasty("count")}, failed, evidence, [track], physics,
                 [nasty("mixture")])  # fmt: skip
    return out


def test_html(folder):
    """No element, attribute or script but the template's, and the text where it was put."""
    text = (folder / "index.html").read_text(encoding="utf-8")
    page = Page(text)
    assert page.open == []
    assert len(page.ids) == len(set(page.ids))
    assert {"b", "iframe", "base"}.isdisjoint(tag for tag, _ in page.tags)
    assert not [name for _, attrs in page.tags for name in attrs if name.startswith("on")]
    assert all(link.startswith(("data:", "#")) for link in page.links)
    scripts = re.findall(r"<script[^>]*>(.*?)</script>", text, re.S)
    assert len(scripts) == sum(tag == "script" for tag, _ in page.tags)
    assert not any("alert(1)" in script for script in scripts if "addEventListener" in script)
    assert MARK in json.loads(scripts[0])["cases"][0]["titles"][0]
    shown = " ".join("".join(page.texts).split())
    for place in ("title", "dataset", "judge", "failed", "reason", "mixture", "training", "base",
                  "machine", "dose", "noted", "sha", "track", "missing"):  # fmt: skip
        assert f"{MARK}{place}" in shown, place
    assert "patient 1" in shown and f"{MARK}patient" not in shown


def test_markdown(folder):
    tokens = (
        MarkdownIt("commonmark")
        .enable(["table", "strikethrough"])
        .parse((folder / "report.md").read_text(encoding="utf-8"))
    )
    check_markdown(tokens, links=0, pictures=0)
    tables = [token for token in tokens if token.type == "table_open"]
    assert len(tables) >= 5
    headings = [tokens[n + 1].content for n, t in enumerate(tokens) if t.type == "heading_open"]
    assert len(headings) == 1 + len(tables) - 1  # the title, and each but the first table's


def check_markdown(tokens, links, pictures):
    """Text, tables, and bold values; as many links and pictures as the page has of its own."""
    inside = [child for token in tokens for child in token.children or ()]
    kinds = [token.type for token in (*tokens, *inside)]
    for kind in ("html_block", "html_inline", "code_inline", "fence", "code_block", "s_open", "hr",
                 "em_open", "blockquote_open", "ordered_list_open"):  # fmt: skip
        assert kind not in kinds, kind
    assert (kinds.count("link_open"), kinds.count("image")) == (links, pictures)
    bold = [inside[n + 1].content for n, t in enumerate(inside) if t.type == "strong_open"]
    assert all(re.fullmatch(r"[\d.\u2212+±, \[\]]+", text) for text in bold), bold
    plain = "".join(child.content for child in inside)
    assert f"<b>{MARK}</b></script>" in plain and f"**{MARK}**" in plain and "&lt; &amp" in plain
    check_rows(tokens)


def check_rows(tokens):
    """No cell is empty: no row has fewer cells than the head, as a broken one would."""
    kinds = [token.type for token in tokens]
    cells = [tokens[n + 1].content for n, kind in enumerate(kinds) if kind == "td_open"]
    assert cells and "" not in cells


def test_latex(folder):
    text = (folder / "report.tex").read_text(encoding="utf-8")
    comment, *lines = text.splitlines()
    assert comment.startswith("% ") and lines[0].startswith("\\documentclass")
    assert all(letter.isprintable() or letter == "\n" for letter in text)
    body = "\n".join(lines)
    assert "\\input" not in body.replace("[utf8]{inputenc}", "").replace("\\textbackslash{}", "")
    plain = re.sub(r"\\[{}$&#%_\\]", "", body)
    assert plain.count("{") == plain.count("}")
    assert plain.count("$") % 2 == 0
    assert "#" not in plain and "^" not in plain and "~" not in plain
    assert all(line.endswith("%") for line in plain.splitlines() if "%" in line)


def test_results_page(tmp_path, content):
    rows, evidence, physics = content
    write_results(rows, tmp_path / "results.json")
    write_evidence(evidence, tmp_path / "evidence.json")
    write_physics_lines(physics.lines, tmp_path / "physics_lines.json")
    steps = (np.array([1, 2]), np.array([10.0, 20.0]))
    nothing = np.array([], int)
    write_judged_curves(
        [Curves(nasty("training"), nothing, nothing, {}, method="lidnet", group=nasty("group"),
                judged={"AP50": steps}, seed=0)],
        tmp_path / "judged_curves.json",
    )  # fmt: skip
    page, *pictures = write_results_page(tmp_path / "results.json", tmp_path / "results.md")
    assert pictures
    tokens = (
        MarkdownIt("commonmark")
        .enable(["table", "strikethrough"])
        .parse(page.read_text(encoding="utf-8"))
    )
    inside = [child for token in tokens for child in token.children or ()]
    code = [child for child in inside if child.type == "code_inline"]
    assert [child.content for child in code] == ["tools/results_page.py"]
    code[0].type = "text"
    check_markdown(tokens, links=4, pictures=len(pictures))


def test_main_effects(tmp_path, repository, make_row):
    rows = [
        make_row("lidnet", 0, denoiser=f"CPCE ({name})", judge=nasty("judge"))
        for name in ("none", "a", "b", "a-b")
    ]
    write_results(rows, tmp_path / "results.json")
    tool = repository / "tools" / "analysis_tools" / "main_effects.py"
    done = subprocess.run(
        [sys.executable, str(tool), str(tmp_path / "results.json"), "a", "b"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    tokens = MarkdownIt("commonmark").enable("table").parse(done.stdout)
    check_rows(tokens)
    kinds = [child.type for token in tokens for child in token.children or ()]
    assert {"html_inline", "link_open", "image", "code_inline"}.isdisjoint(kinds)
