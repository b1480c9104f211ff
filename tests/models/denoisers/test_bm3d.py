"""BM3D against its package, called directly."""

import sys

import numpy as np
import pytest
import torch

from lidnet_mm.models.denoisers import BM3D


def test_output_equals_that_of_the_package():
    package = pytest.importorskip("bm3d")
    noise = np.random.default_rng(13).standard_normal((33, 40))
    image = 0.5 + 0.1 * np.sin(np.arange(40) / 5) + 0.03 * noise
    out = BM3D(sigma=0.03)(torch.from_numpy(image)[None, None])[0, 0].numpy()
    profile = package.BM3DProfile()
    profile.num_threads = 1
    expected = package.bm3d(image, 0.0375, profile)
    np.testing.assert_allclose(out, expected, atol=1e-6)
    assert np.abs(package.bm3d(image, 0.03, profile) - expected).max() > 1e-3


def test_values_do_not_fall_below_zero():
    package = pytest.importorskip("bm3d")
    image = np.zeros((32, 32))
    image[10:20:3, 8:24] = 1.0
    image[10:20, 8:24:4] = 1.0
    image = np.clip(image + 0.05 * np.random.default_rng(14).standard_normal((32, 32)), 0, 1)
    assert package.bm3d(image, 0.0625).min() < -1e-3
    assert BM3D(sigma=0.05)(torch.from_numpy(image)[None, None]).min() == 0


def test_a_missing_package_is_named_with_its_licence(monkeypatch):
    monkeypatch.setitem(sys.modules, "bm3d", None)
    with pytest.raises(ImportError, match=r"pip install 'bm3d>=4'.*non-commercial use only"):
        BM3D()
