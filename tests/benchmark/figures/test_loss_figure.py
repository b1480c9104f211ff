import re
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib.figure import Figure

from lidnet_mm.benchmark import Curves
from lidnet_mm.benchmark.evidence.training_log import read_training_log
from lidnet_mm.benchmark.figures.loss_axes import COLOUR_NAMES, draw_curve
from lidnet_mm.benchmark.figures.loss_figure import VARIABLES, loss_panels


@pytest.fixture
def curves(tmp_path, write_log, phased_entries):
    return read_training_log(write_log(tmp_path / "scalars.json", phased_entries), "LIDnet")


def lines_of(svg, variable):
    """Vertices of each line drawn in a colour of the style sheet."""
    paths = re.findall(r'<path d="([^"]+)"[^>]*style="fill: none; stroke: var\(--(\S+?)\)', svg)
    return [len(re.findall("[ML]", path)) for path, colour in paths if colour == variable]


def test_total_and_parts_are_drawn(curves):
    panels = loss_panels(curves, "a")
    assert [panel.title for panel in panels] == [
        "Total loss", "Reconstruction loss", "ROI perceptual loss", "Detection loss",
    ]  # fmt: skip


def test_each_phase_is_a_line_of_its_own_colour(curves):
    svg = loss_panels(curves, "a")[0].svg
    assert [lines_of(svg, f"phase-{phase}") for phase in (1, 2, 3)] == [[4], [4], [2]]


def test_phases_are_named_not_only_coloured(curves):
    svg = loss_panels(curves, "a")[0].svg
    texts = re.findall(r"<text [^>]*>([^<]+)</text>", svg)
    assert [text for text in texts if text.startswith("T")] == ["T1", "T2", "T3"]


def test_detection_loss_is_the_sum_of_the_detectors_losses(curves):
    panel = loss_panels(curves, "a")[3]
    assert panel.description == (
        "Detection loss of LIDnet: T1 from 0.75 to 0.75; T2 from 0.75 to 0.75; T3 from 0.75 to 0.75"
    )


def test_a_training_with_one_loss_has_one_panel():
    values = np.array([1.0, 0.5])
    curves = Curves(
        "x", np.array([1, 2]), np.zeros(2, int), {"loss": values, "loss_reconstruction": values}
    )
    (panel,) = loss_panels(curves, "a")
    assert lines_of(panel.svg, "phase-0") == [2]


def test_an_axis_over_decades_is_logarithmic():
    def draw(values):
        curves = Curves("x", np.arange(3), np.zeros(3, int), {"loss": np.array(values)})
        return loss_panels(curves, "a")[0].svg

    assert "log scale" in draw([100.0, 1.0, 0.01])
    assert "log scale" not in draw([3.0, 2.0, 1.0])
    assert "log scale" not in draw([100.0, -1.0, 0.01])


@pytest.mark.parametrize(
    ("values", "lowest"), [([1.0, 3.0, 2.0], 0.0), ([1.0, -3.0, -2.0], -3.2), ([np.nan] * 3, 0.0)]
)
def test_an_axis_starts_at_zero_or_below_all_values(values, lowest):
    axes = Figure().add_subplot()
    curves = Curves("x", np.arange(3), np.zeros(3, int), {})
    draw_curve(axes, curves, np.array(values), dict.fromkeys(COLOUR_NAMES, "black"))
    assert axes.get_ylim()[0] == pytest.approx(lowest)


def test_a_single_logged_iteration_is_a_visible_point():
    curves = Curves("x", np.array([5]), np.array([2]), {"loss": np.array([1.0])})
    (panel,) = loss_panels(curves, "a")
    assert "<use" in panel.svg


def test_svg_is_well_formed_themed_and_its_ids_do_not_collide(curves):
    first, second = (loss_panels(curves, prefix)[0].svg for prefix in ("a", "b"))
    tree = ElementTree.fromstring(first.replace("xlink:href", "href"))
    assert tree.tag == "svg"
    ids = [set(re.findall(r'\bid="([^"]+)"', svg)) for svg in (first, second)]
    assert ids[0] and not ids[0] & ids[1]
    targets = set(re.findall(r'(?:url\(|href=")#([^)"]+)', first))
    assert targets <= ids[0]
    assert not [colour for colour in VARIABLES if colour in first]
    assert "http" not in first
