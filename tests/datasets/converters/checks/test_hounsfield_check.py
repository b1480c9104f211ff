"""Intensities that are no Hounsfield units, made of a phantom with noise and of real CT."""

import numpy as np
import pytest
import SimpleITK

from lidnet_mm.datasets.converters.checks.hounsfield_check import check_finite, check_hounsfield
from lidnet_mm.datasets.converters.conversion_error import ConversionError

SIDE = 96


def outside(shape: tuple[int, int]) -> np.ndarray:
    """Pixels outside of the circle that a scanner reconstructs."""
    y, x = np.indices(shape)
    middle = (np.array(shape) - 1) / 2
    return (y - middle[0]) ** 2 + (x - middle[1]) ** 2 > (min(shape) / 2) ** 2


def filled(hu: np.ndarray, value: float) -> np.ndarray:
    """The slices with a value outside of that circle."""
    return np.where(outside(hu.shape[1:]), value, hu)


def phantom(noise: float = 12.0) -> np.ndarray:
    """(4, 96, 96) int32 HU of a chest: air, fat, muscle, lung and bone."""
    y, x = np.indices((SIDE, SIDE))
    plane = np.full((SIDE, SIDE), -1000.0)
    for radius, value in ((1.0, -100), (0.85, 45)):
        plane[((x - 48) / 40) ** 2 + ((y - 48) / 28) ** 2 < radius**2] = value
    for centre in (30, 64):
        plane[((x - centre) / 10) ** 2 + ((y - 46) / 14) ** 2 < 1] = -850
    plane[66:72, 45:52] = 700
    drawn = plane + np.random.default_rng(0).normal(0, noise, (4, SIDE, SIDE))
    if noise:  # trabecular bone, from marrow to cortical
        drawn[:, 66:72, 40:57] = np.linspace(100, 900, 4 * 6 * 17).reshape(4, 6, 17)
    return np.rint(np.clip(drawn, -1024, 3071)).astype(np.int32)


HU = {
    "as it is": lambda hu: hu,
    "padding of -2000": lambda hu: filled(hu, -2000),
    "padding of -3024": lambda hu: filled(hu, -3024),
    "padding of -2048": lambda hu: filled(hu, -2048),
    "clipped to what 12 bits hold": lambda hu: np.clip(hu, -1024, 3071),
    "clipped to -1000..1000": lambda hu: np.clip(hu, -1000, 1000),
    "float": lambda hu: hu.astype(np.float32) + 0.25,
}

NO_HU = {
    "offset": (lambda hu: hu + 1024, r"offset of about 10\d\d.*scl_inter.*RescaleIntercept"),
    "offset, padding below": (lambda hu: filled(hu + 1024, -2000), "but the padding.*scl_inter"),
    "offset, padding with it": (lambda hu: filled(hu + 1024, -976), "offset.*scl_inter"),
    "offset, background -8192": (lambda hu: filled(hu + 1024, -8192), "offset.*scl_inter"),
    "offset of 16 bits": (lambda hu: hu + 32768, "offset of about 32768"),
    "intercept twice": (lambda hu: hu - 1024, r"10\d\d HU too low.*twice"),
    "slope lost": (lambda hu: hu // 2, "divided by 2.*slope is lost"),
    "slope and intercept lost": (lambda hu: 2 * (hu + 1024), "slope is lost"),
    "display window": (lambda hu: np.clip(hu, -160, 240), r"-160 and .* 240.*display window"),
    "window without bone": (lambda hu: np.clip(hu, -1350, 400), "400, so .* window, without bone"),
    "cut off at 0": (lambda hu: np.clip(hu, 0, None), "cut off at 0.*without clipping"),
    "unsigned": (lambda hu: hu.astype(np.int16).view(np.uint16), "wrapped around at 16.*with sign"),
    "signed": (
        lambda hu: (hu + 32768).astype(np.uint16).view(np.int16),
        "wrapped around at 16.*no slope and intercept.*without sign",
    ),
    "12 bits": (lambda hu: hu & 4095, "wrapped around at 12 bits"),
    "filled with water": (lambda hu: filled(hu, 0), "corners.*exactly 0 HU.*filled with 0"),
    "a band of water": (
        lambda hu: np.where(np.arange(SIDE) < 6, 0, hu),
        r"% of the voxels are exactly 0 HU",
    ),
    "8-bit picture": (lambda hu: np.clip((hu + 160) * 255 // 400, 0, 255), "no air.*8-bit"),
    "0..1": (lambda hu: np.clip((hu + 1000) / 2000, 0, 1), "no air.*0..1"),
    "-1..1": (lambda hu: np.clip(hu / 1000, -1, 1), "normalisation"),
    "one value": (lambda hu: hu * 0 - 1000, "normalisation"),
    "beyond 16 bits": (
        lambda hu: np.where(hu > 690, 1e30, hu),
        "CT holds -32768 to 32767",
    ),
}


@pytest.mark.parametrize("change", HU.values(), ids=HU)
def test_hounsfield_units_pass(change):
    check_hounsfield(change(phantom()), "here")
    check_hounsfield(change(phantom(noise=0)), "here")


def test_air_of_one_value_is_no_cut_and_a_window_in_it_is():
    smooth = SimpleITK.GetArrayFromImage(
        SimpleITK.BinShrink(SimpleITK.GetImageFromArray(phantom(noise=0).astype(float)), [2, 2, 1])
    )
    check_hounsfield(smooth.repeat(2, axis=1).repeat(2, axis=2), "here")
    windowed = np.where(phantom(noise=0) <= -800, -1000, np.clip(phantom(), -110, 240))
    with pytest.raises(ConversionError, match="display window"):
        check_hounsfield(windowed, "here")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda plane: plane + 1024, r"slice 7: one of its slices.*offset of about 10\d\d"),
        (lambda plane: 2 * (plane + 1024), "slice 7: one of its slices.*slope is lost"),
    ],
)
def test_one_slice_of_other_values_is_named(change, message):
    hu = np.concatenate([phantom()] * 4)
    hu[2] = change(hu[2])
    with pytest.raises(ConversionError, match=message):
        check_hounsfield(hu, "here", range(5, 5 + len(hu)))


def test_several_values_far_below_air_are_no_padding():
    with pytest.raises(ConversionError, match=r"-10000, -8500 HU .*look scaled"):
        check_hounsfield(10 * phantom(noise=0), "here")


def test_a_crop_without_air_passes():
    check_hounsfield(phantom(noise=30)[:, 34:42, 40:56], "here")


@pytest.mark.parametrize(("change", "message"), NO_HU.values(), ids=NO_HU)
def test_other_intensities_are_refused_with_the_right_remedy(change, message):
    with pytest.raises(ConversionError, match=f"^here: .*{message}"):
        check_hounsfield(change(phantom()), "here")


def test_a_background_far_below_air_is_named(warnings_logged):
    check_hounsfield(filled(phantom(), -8192), "here")
    assert "are exactly -8192 HU, far below air" in warnings_logged()


@pytest.mark.parametrize("pattern", ["sts*/STS_*/CT_image.nii.gz", "chest_*/*.nii.gz"])
def test_real_ct_passes_and_its_disguises_do_not(real_data, pattern):
    paths = sorted(real_data.glob(pattern))
    if not paths:
        pytest.skip(f"no {pattern} in the real data")
    for path in paths:
        check_hounsfield(SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(path))), str(path))
    for path in paths[::12]:
        hu = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(path)))[:8].astype(np.int32)
        for name in ("offset", "offset, padding below", "display window", "unsigned", "slope lost"):
            with pytest.raises(ConversionError, match=NO_HU[name][1]):
                check_hounsfield(NO_HU[name][0](hu), str(path))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite_are_refused_with_their_place(value):
    image = np.zeros((5, 6))
    image[3, 2] = image[4, 5] = value
    with pytest.raises(ConversionError, match=r"slice 7: 2 intensities.*row 3, column 2"):
        check_finite(image, "slice 7")
    check_finite(np.zeros((5, 6)), "slice 7")
