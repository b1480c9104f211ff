"""Loss curves as a file of their own, and the tool that writes them."""

import importlib.util
import re
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from lidnet_mm.benchmark import Curves, read_training_log
from lidnet_mm.benchmark.figures.loss_picture import COLOURS, write_loss_picture


@pytest.fixture
def log(tmp_path, write_log, adversarial_entries):
    return write_log(tmp_path / "log" / "scalars.json", adversarial_entries)


@pytest.fixture
def curves(log):
    return read_training_log(log, "wgan")


def height_of_the_line(path, part):
    """Mean row of the curve's pixels in a part of the picture's columns."""
    colours = np.asarray(Image.open(path).convert("RGB")).astype(int)
    wanted = [int(COLOURS["phase-0"][i : i + 2], 16) for i in (1, 3, 5)]
    rows, columns = np.nonzero(np.abs(colours - wanted).sum(axis=-1) < 30)
    return rows[columns // (colours.shape[1] // 4) == part].mean()


def test_png_shows_the_curve_on_white(tmp_path, curves):
    path = tmp_path / "docs" / "wasserstein.png"
    write_loss_picture(curves, path, ["Wasserstein estimate"])
    assert Image.open(path).convert("RGB").getpixel((2, 2)) == (255, 255, 255)
    # It falls from 1.9 to -1.9; rows count downwards.
    assert height_of_the_line(path, 1) < height_of_the_line(path, 2)


def test_all_curves(tmp_path, curves):
    """Eight, two in a row, where one alone has a quarter of the height and half of the width."""
    write_loss_picture(curves, tmp_path / "all.png")
    write_loss_picture(curves, tmp_path / "one.png", ["Edge loss"])
    everything, one = (Image.open(tmp_path / f"{name}.png").size for name in ("all", "one"))
    assert everything == (2 * one[0], 4 * one[1])


def test_svg_needs_no_style_sheet(tmp_path, curves):
    path = tmp_path / "curve.svg"
    write_loss_picture(curves, path, ["Wasserstein estimate"])
    text = path.read_text(encoding="utf-8")
    ElementTree.fromstring(text)
    assert "var(--" not in text
    assert COLOURS["phase-0"] in text
    write_loss_picture(curves, tmp_path / "again.svg", ["Wasserstein estimate"])
    ids = [re.findall(r"id=\"([^\"]+)", p.read_text()) for p in tmp_path.glob("*.svg")]
    assert ids[0] == ids[1], "the same curve, another file"


def test_phases_have_their_colours(tmp_path):
    phased = Curves("x", np.arange(6), np.array([1, 1, 2, 2, 3, 3]), {"loss": np.ones(6)})
    write_loss_picture(phased, tmp_path / "phases.svg")
    text = (tmp_path / "phases.svg").read_text()
    assert all(COLOURS[f"phase-{phase}"] in text for phase in (1, 2, 3))


def test_refusals(tmp_path, curves):
    with pytest.raises(ValueError, match=r"curve\.pdf: a picture is one of \.png, \.svg"):
        write_loss_picture(curves, tmp_path / "curve.pdf")
    with pytest.raises(ValueError, match="wgan logged no Dice loss: choose from Total loss, Adv"):
        write_loss_picture(curves, tmp_path / "curve.png", ["Dice loss"])
    assert not list(tmp_path.glob("curve*"))


def test_tool(repository, tmp_path, log, monkeypatch, capsys):
    spec = importlib.util.spec_from_file_location("curves", repository / "tools" / "curves.py")
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)

    def call(*arguments):
        monkeypatch.setattr("sys.argv", ["curves.py", *map(str, arguments)])
        return tool.main()

    picture = tmp_path / "curve.png"
    assert call(log, picture, "--only", "Wasserstein estimate", "Gradient penalty") == 0
    assert Image.open(picture).size[0] > Image.open(picture).size[1] * 3
    assert call(tmp_path, picture) == 1
    assert "error: no vis_data/scalars.json" in capsys.readouterr().err
