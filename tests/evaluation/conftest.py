"""Predicted samples as MMEngine's evaluator hands them to metrics, and independent texture."""

import sys

import numpy as np
import pytest
import torch
from mmengine.structures import PixelData

from lidnet_mm.evaluation.texture_source import texture_source

WINDOW = (-160.0, 240.0)


def _predicted_sample(denoised, ndct, boxes=(), **metainfo):
    """A sample with images (H, W) in HU and boxes xyxy."""
    return {
        "img_id": 7,
        "patient_id": "case_0003",
        "slice_index": 12,
        "img_shape": ndct.shape,
        "image_window": WINDOW,
        "denoised": PixelData(data=torch.from_numpy(denoised).float()[None]).to_dict(),
        "ndct": PixelData(data=torch.from_numpy(ndct).float()[None]).to_dict(),
        "gt_instances": {"bboxes": torch.as_tensor(np.reshape(boxes, (-1, 4))).float()},
        **metainfo,
    }


def _evaluate(metric, samples):
    """Results of a metric over samples."""
    metric.process({}, samples)
    return metric.evaluate(len(samples))


def _textured_slice(seed=0, shape=(64, 64), scale=60.0):
    """A slice of smooth structure and fine grain, whole HU inside the window for the most part."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    structure = 40 + scale * np.sin(rows / 9) * np.cos(columns / 7)
    return np.round(structure + rng.normal(0, 20, shape))


def _grey_levels(roi, bin_width):
    """PyRadiomics' fixed-width bins: edges at multiples of the width, lowest level 0."""
    levels = np.floor(roi / bin_width).astype(int)
    return levels - levels.min()


def _direct_texture(roi, bin_width):
    """Correlation, inverse difference and joint energy by counting pixel pairs one by one."""
    levels = _grey_levels(roi, bin_width)
    height, width = levels.shape
    features = []
    for down, right in ((0, 1), (1, 0), (1, 1), (1, -1)):
        counts = np.zeros((levels.max() + 1,) * 2)
        for row in range(height - down):
            for column in range(max(0, -right), width - max(0, right)):
                a, b = levels[row, column], levels[row + down, column + right]
                counts[a, b] += 1
                counts[b, a] += 1
        p = counts / counts.sum()
        i, j = np.indices(p.shape)
        mean = (i * p).sum()
        variance = ((i - mean) ** 2 * p).sum()
        covariance = ((i - mean) * (j - mean) * p).sum()
        features.append((covariance / variance, (p / (1 + abs(i - j))).sum(), (p**2).sum()))
    return np.mean(features, axis=0)


@pytest.fixture
def anew():
    """Forget before and after which package measures texture."""
    texture_source.cache_clear()
    yield
    texture_source.cache_clear()


@pytest.fixture
def without_pyradiomics(monkeypatch, anew):
    """A process in which PyRadiomics is not installed."""
    for name in ("radiomics", "radiomics.glcm"):
        monkeypatch.setitem(sys.modules, name, None)


@pytest.fixture(params=["PyRadiomics", "scikit-image"])
def source(request):
    """Each of the packages that measure texture; skips PyRadiomics where it is not installed."""
    if request.param == "PyRadiomics":
        pytest.importorskip("radiomics", reason="PyRadiomics is not installed")
    else:
        request.getfixturevalue("without_pyradiomics")
    assert texture_source().package == request.param
    return request.param


@pytest.fixture(scope="session")
def predicted_sample():
    """Maker of samples with images (H, W) in HU and boxes xyxy."""
    return _predicted_sample


@pytest.fixture(scope="session")
def evaluate():
    """Results of a metric over samples."""
    return _evaluate


@pytest.fixture(scope="session")
def textured_slice():
    """Maker of slices with structure and grain, in whole HU."""
    return _textured_slice


@pytest.fixture(scope="session")
def grey_levels():
    """PyRadiomics' binning, written out."""
    return _grey_levels


@pytest.fixture(scope="session")
def direct_texture():
    """Correlation, inverse difference and joint energy, counted pair by pair."""
    return _direct_texture
