"""Which losses are drawn, and under which titles."""

import numpy as np
import pytest

from lidnet_mm.benchmark import Curves, read_training_log
from lidnet_mm.benchmark.figures.loss_families import loss_families


def families(**losses):
    """Titles and values of a log of two iterations; ``__`` stands for a point."""
    columns = {name.replace("__", "."): np.array(values) for name, values in losses.items()}
    curves = Curves("x", np.array([1, 2]), np.zeros(2, int), columns)
    return {title: values.tolist() for title, values in loss_families(curves)}


def test_adversarial_training(tmp_path, write_log, adversarial_entries):
    path = write_log(tmp_path / "scalars.json", adversarial_entries)
    found = dict(loss_families(read_training_log(path, "x")))
    assert list(found) == [
        "Total loss", "Adversarial loss", "Perceptual loss", "Structure loss", "Edge loss",
        "Total variation loss", "Wasserstein estimate", "Gradient penalty",
    ]  # fmt: skip
    means = {title: np.nanmean(values) for title, values in found.items()}
    assert means["Structure loss"] == 0.125
    assert means["Edge loss"] == 0.0625
    assert means["Total variation loss"] == 0.03125
    assert means["Gradient penalty"] == 0.5
    np.testing.assert_allclose(found["Wasserstein estimate"][:4], [1.9, 1.8, 1.7, 1.6])


def test_perceptual_losses_of_slice_and_regions_are_apart():
    found = families(
        loss=[9, 9], loss_perceptual=[1, 2], loss_roi_perceptual=[3, 4], detector__loss_cls=[5, 1]
    )
    assert found == {
        "Total loss": [9, 9],
        "Perceptual loss": [1, 2],
        "ROI perceptual loss": [3, 4],
        "Detection loss": [5, 1],
    }


def test_one_part_that_is_the_total_is_not_drawn_twice():
    found = families(loss=[1, 2], loss_reconstruction=[1, 2], critic__wasserstein=[3, 4])
    assert list(found) == ["Total loss", "Wasserstein estimate"]


@pytest.mark.parametrize("name", ["loss_cls", "loss_rpn_bbox"])
def test_parts_of_a_judge_are_not_drawn(name):
    assert list(families(loss=[1, 2], loss_bbox=[1, 1], **{name: [0, 1]})) == ["Total loss"]
