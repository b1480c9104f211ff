"""The bridge against mmdet's own preprocessing of the same grey image, and its gradient."""

import pytest
import torch
from mmdet.models.data_preprocessors import DetDataPreprocessor
from mmengine.model import BaseDataPreprocessor

from lidnet_mm.models.data_preprocessor import CTDetDataPreprocessor
from lidnet_mm.models.detector_bridge import DetectorBridge, pad_divisor_of

IMAGENET = {"mean": [123.675, 116.28, 103.53], "std": [58.395, 57.12, 57.375]}
IMAGE_WINDOW = (-1000.0, 1000.0)
LUNG, BODY, LIVER = (-1350.0, 150.0), (-160.0, 240.0), (0.0, 160.0)


@pytest.fixture
def hu():
    """Every HU from below to above the image window: (1, 1, 8, 300)."""
    return torch.linspace(-1200, 1200, 2400).reshape(1, 1, 8, 300)


def _to_unit(hu, window=IMAGE_WINDOW):
    low, high = window
    return ((hu - low) / (high - low)).clamp(0, 1)


def _by_mmdet(preprocessor, grey):
    """What mmdet makes of a grey image (N, 3, H, W) on 0..255."""
    return preprocessor({"inputs": list(grey), "data_samples": None})["inputs"]


@pytest.mark.parametrize("order", [{}, {"bgr_to_rgb": True}, {"rgb_to_bgr": True}])
def test_whole_grey_levels_become_what_mmdet_makes_of_them(order):
    levels = torch.arange(256).reshape(1, 1, 16, 16)
    preprocessor = DetDataPreprocessor(**IMAGENET, **order)
    expected = _by_mmdet(preprocessor, levels.expand(-1, 3, -1, -1))
    bridge = DetectorBridge.for_detector(preprocessor, IMAGE_WINDOW)
    torch.testing.assert_close(bridge(levels / 255.0), expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("order", [{}, {"bgr_to_rgb": True}, {"rgb_to_bgr": True}])
@pytest.mark.parametrize("windows", [None, [BODY], [LUNG, BODY, LIVER]])
def test_windows_become_red_green_and_blue(hu, windows, order):
    """As if mmdet had read a colour image of these windows, blue first, as it reads all images.

    A detector that swaps the channels of what it reads has weights for red first.
    """
    preprocessor = DetDataPreprocessor(**IMAGENET, **order)
    blue_first = (windows or [IMAGE_WINDOW])[::-1]
    seen = [_to_unit(hu.clamp(*IMAGE_WINDOW), w) for w in blue_first]
    grey = torch.cat(seen * (3 // len(seen)), dim=1) * 255
    bridge = DetectorBridge.for_detector(preprocessor, IMAGE_WINDOW, windows)
    expected = _by_mmdet(preprocessor, grey)
    torch.testing.assert_close(bridge(_to_unit(hu)), expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize("mean_and_std", [{}, {"mean": [10.0], "std": [2.0]}])
def test_detectors_without_normalisation_or_with_one_channel_s(mean_and_std):
    preprocessor = DetDataPreprocessor(**mean_and_std)
    x = torch.rand(2, 1, 6, 5, generator=torch.Generator().manual_seed(0))
    out = DetectorBridge.for_detector(preprocessor, IMAGE_WINDOW)(x)
    expected = x * 255 if not mean_and_std else (x * 255 - 10) / 2
    assert out.shape == (2, 3, 6, 5)
    torch.testing.assert_close(out, expected.expand(-1, 3, -1, -1), rtol=1e-5, atol=1e-4)


def test_values_outside_of_the_image_window_are_clamped():
    bridge = DetectorBridge(IMAGE_WINDOW)
    x = torch.tensor([-7.0, 0.0, 1.0, 3.0]).reshape(1, 1, 2, 2)
    assert bridge(x)[0, 0].flatten().tolist() == [-1, -1, 1, 1]
    wider = DetectorBridge(IMAGE_WINDOW, [(-2000.0, 2000.0)])
    assert wider(x)[0, 0].flatten().tolist() == [-0.5, -0.5, 0.5, 0.5]


def test_gradient_passes_inside_of_the_window_only():
    x = torch.tensor([-0.2, 0.2, 0.43, 0.5, 0.61, 0.7, 1.2]).reshape(1, 1, 1, 7).requires_grad_()
    bridge = DetectorBridge(IMAGE_WINDOW, [BODY])  # 0.42 to 0.62
    bridge(x).sum().backward()
    slope = 3 * (2000 / 400) * 255 / 127.5  # three channels
    expected = torch.tensor([0, 0, slope, slope, slope, 0, 0])
    torch.testing.assert_close(x.grad.flatten(), expected)


def test_gradient_of_three_windows_is_the_sum_of_their_slopes():
    x = torch.tensor([0.3, 0.45, 0.55, 0.9]).reshape(1, 1, 1, 4).requires_grad_()
    DetectorBridge(IMAGE_WINDOW, [LUNG, BODY, LIVER], (0.0,) * 3, (1.0, 2.0, 4.0))(
        x
    ).sum().backward()
    lung, body, liver = (2000 / w * 255 / s for w, s in ((1500, 1), (400, 2), (160, 4)))
    expected = torch.tensor(
        [lung, lung + body, lung + body + liver, 0.0]
    )  # -400, -100, 100, 800 HU
    torch.testing.assert_close(x.grad.flatten(), expected)


def test_windows_of_a_ct_detector_are_taken_over_unless_others_are_given():
    judge = CTDetDataPreprocessor(detector_windows=[LUNG, BODY, LIVER], **IMAGENET)
    assert DetectorBridge.for_detector(judge, IMAGE_WINDOW).windows == [LUNG, BODY, LIVER]
    assert DetectorBridge.for_detector(judge, IMAGE_WINDOW, [BODY]).windows == [BODY]
    others = [BODY, LIVER, LUNG]  # as many channels, in the order of the first ones
    assert DetectorBridge.for_detector(judge, IMAGE_WINDOW, others).windows == others


@pytest.mark.parametrize(
    ("preprocessor", "divisor"),
    [
        (DetDataPreprocessor(pad_size_divisor=128), 128),
        (DetDataPreprocessor(), 1),
        (CTDetDataPreprocessor(pad_divisor=64), 64),
        (BaseDataPreprocessor(), 1),
    ],
    ids=["mmdet", "mmdet's default", "CT", "none"],
)
def test_divisor_of_a_detector_s_own_preprocessor(preprocessor, divisor):
    assert pad_divisor_of(preprocessor) == divisor


def test_another_image_window_of_the_denoiser_shows_the_detector_the_same(hu):
    judge = CTDetDataPreprocessor(window=IMAGE_WINDOW, detector_windows=[BODY], **IMAGENET)
    wide, narrow = (-1024.0, 3071.0), (-200.0, 300.0)
    expected = judge({"inputs": [hu[0]], "data_samples": None})["inputs"][:, :, :8, :300]
    for window in (wide, narrow):
        bridge = DetectorBridge.for_detector(judge, window)
        torch.testing.assert_close(bridge(_to_unit(hu, window)), expected, rtol=0, atol=1e-3)


def test_constants_follow_the_module_but_stay_out_of_checkpoints():
    bridge = DetectorBridge(IMAGE_WINDOW, [BODY])
    assert bridge.state_dict() == {}
    assert bridge.double()(torch.rand(1, 1, 2, 2).double()).dtype == torch.float64


@pytest.mark.parametrize("windows", [[BODY, LUNG], [BODY] * 4])
def test_two_or_four_windows_are_refused(windows):
    with pytest.raises(ValueError, match=f"1 or 3 HU windows, got {len(windows)}"):
        DetectorBridge(IMAGE_WINDOW, windows)


@pytest.mark.parametrize("window", [(100.0, 100.0), (240.0, -160.0)])
def test_an_empty_window_is_refused(window):
    with pytest.raises(ValueError, match="HU window"):
        DetectorBridge(IMAGE_WINDOW, [window])
    with pytest.raises(ValueError, match="HU window"):
        DetectorBridge(window)
