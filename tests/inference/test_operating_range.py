"""What a series is like, on chests of known noise, and what inference says outside of the range."""

import importlib.util
import math

import numpy as np
import pytest
import SimpleITK

from lidnet_mm.apis.inferencer import LIDInferencer
from lidnet_mm.datasets.readers import CTVolume
from lidnet_mm.inference.array_volume import ArrayVolume
from lidnet_mm.inference.operating_range import measure, outside_range
from lidnet_mm.inference.source_tree import find_volumes
from lidnet_mm.zoo import read_card

SPACING = 0.7
SIDE = 360
BUNDLED = "cpce_lidnet"


def noise(std: float, peak: float = 0.3, spacing: float = SPACING, seed: int = 0) -> np.ndarray:
    """(2, SIDE, SIDE) noise of that standard deviation; its NPS is a ring around ``peak`` /mm."""
    white = np.random.default_rng(seed).normal(size=(2, SIDE, SIDE))
    axis = np.fft.fftfreq(SIDE, spacing)
    away = np.hypot(axis[:, None], axis[None]) - peak
    shaped = np.fft.ifft2(np.fft.fft2(white) * np.exp(-((away / 0.1) ** 2) / 4)).real
    return shaped * std / shaped.std()


def body(spacing: float = SPACING, lungs: bool = True, radius: float = 95) -> np.ndarray:
    """(1, SIDE, SIDE) HU: a disk of soft tissue in air, with two lungs or none."""
    y, x = (np.indices((1, SIDE, SIDE))[1:] - SIDE / 2) * spacing
    hu = np.where(x**2 + y**2 < radius**2, 40.0, -1000.0)
    for side in (-1, 1) if lungs else ():
        hu[((x - side * 45) / 30) ** 2 + (y / 55) ** 2 < 1] = -820
    return hu


def volume(hu: np.ndarray, spacing: float = SPACING) -> ArrayVolume:
    """HU as a series of 2.5 mm."""
    return ArrayVolume.with_spacing(hu.astype(np.float32), (2.5, spacing, spacing))


@pytest.fixture(scope="module")
def inferencer() -> LIDInferencer:
    """The bundled model."""
    return LIDInferencer(BUNDLED, detector="none")


@pytest.fixture(scope="module")
def lidc(real_data) -> CTVolume:
    """A real chest of a soft kernel."""
    folder = real_data / "lidc_series"
    if not folder.is_dir():
        pytest.skip(f"there is no {folder}")
    return find_volumes(folder)[0][0].open()


def some_slices(real: CTVolume) -> np.ndarray:
    """(2, SIDE, SIDE) HU of the middle of a real series."""
    top, left = ((side - SIDE) // 2 for side in real.slice_shape)
    middle = real.num_slices // 2
    planes = [real.read_slice(index) for index in (middle, middle + 1)]
    return np.stack(planes)[:, top : top + SIDE, left : left + SIDE]


class TestMeasure:
    @pytest.mark.parametrize("std", [5.0, 30.0, 120.0, 250.0, 500.0])
    @pytest.mark.parametrize("peak", [0.3, 0.55])
    def test_noise_and_peak_are_those_that_were_added(self, std, peak):
        """The quietest fifth lies below the mean by its choice: by 8 % at most here."""
        found = measure(volume(body() + noise(std, peak)))
        assert found.noise_hu == pytest.approx(0.96 * std, rel=0.05)
        assert found.nps_peak_per_mm == pytest.approx(peak, abs=0.051)

    def test_noise_of_a_real_slice_and_added_noise_add_as_squares(self, lidc):
        own = some_slices(lidc)
        before = measure(volume(own, lidc.spacing[0])).noise_hu
        added = 60.0
        after = measure(volume(own + noise(added, 0.3, lidc.spacing[0]), lidc.spacing[0])).noise_hu
        assert after == pytest.approx(math.hypot(before, added), rel=0.1)

    def test_spacing_is_the_source_s(self):
        found = measure(volume(body(0.9) + noise(20, spacing=0.9), 0.9))
        assert (found.pixel_spacing_mm, found.slice_spacing_mm) == (0.9, 2.5)

    def test_lung_is_its_part_of_the_area(self):
        tissue, lung = math.pi * 95**2, 2 * math.pi * 30 * 55
        found = measure(volume(body() + noise(30))).lung_share
        assert found == pytest.approx(lung / tissue, abs=0.04)

    @pytest.mark.parametrize("std", [20, 250])
    @pytest.mark.parametrize("radius", [40, 95])
    def test_no_lung_in_the_rim_of_a_phantom_or_in_noisy_air(self, std, radius):
        """Stored values end at -1024 HU: the mean of noisy air lies above -1000."""
        hu = np.maximum(body(lungs=False, radius=radius) + noise(std), -1024)
        assert measure(volume(hu)).lung_share < 0.02


def magnetic_resonance() -> np.ndarray:
    """(2, SIDE, SIDE) of an MR: from 0 on, dark lungs, Rician noise."""
    return np.hypot(0.6 * (body() + 1000) + noise(12), noise(12, seed=1))


LUNG = "lung as part of the body"
OUT_OF_RANGE = {
    "noise far above": (lambda: volume(body() + noise(500)), "noise is"),
    "noise far below": (lambda: volume(body() + noise(1.5)), "noise is 1."),
    "bone kernel": (
        lambda: volume(body(0.6) + noise(60, 0.75, 0.6), 0.6),
        "sharpness of the kernel",
    ),
    "MR": (lambda: volume(magnetic_resonance()), LUNG),
    "MR that ends at -1024": (
        lambda: volume(magnetic_resonance() - 1024),
        "noise cannot be told",
    ),
    "water phantom": (lambda: volume(body(lungs=False) - 40 + noise(20)), LUNG),
    "noisy water phantom": (
        lambda: volume(np.maximum(body(lungs=False) - 40 + noise(200), -1024)),
        LUNG,
    ),
    "large pixels": (
        lambda: volume(body(1.4) + noise(20, 0.2, 1.4), 1.4),
        "pixel spacing is 1.4 mm",
    ),
}
"""Series that the model was not trained for, and the words for what they differ in."""


class TestWarnings:
    @pytest.mark.parametrize(("series", "words"), OUT_OF_RANGE.values(), ids=OUT_OF_RANGE)
    def test_named(self, inferencer, series, words):
        assert any(words in warning for warning in inferencer.pipeline.warnings(series()))

    @pytest.mark.parametrize("std", [10, 60, 200])
    def test_a_plain_chest_is_not(self, inferencer, std):
        assert inferencer.pipeline.warnings(volume(body() + noise(std))) == ()

    def test_a_real_chest_is_not(self, inferencer, lidc):
        assert inferencer.pipeline.warnings(lidc) == ()

    @pytest.mark.parametrize(
        ("std", "peak", "words"),
        [(400, 0.3, "noise "), (120, 0.68, "sharpness of the kernel")],
    )
    def test_a_real_chest_with_that_noise_is(self, inferencer, lidc, std, peak, words):
        step = lidc.spacing[0]
        series = volume(some_slices(lidc) + noise(std, peak, step), step)
        assert any(words in warning for warning in inferencer.pipeline.warnings(series))

    def test_other_real_series_are_not(self, inferencer, real_data):
        folder = real_data / "lung_pet_ct_dx"
        for found in find_volumes(folder)[0]:
            assert inferencer.pipeline.warnings(found.open()) == (), found.label

    def test_unknown_part_of_a_range(self):
        found = measure(volume(body() + noise(20)))
        with pytest.raises(ValueError, match="dose is no part of a range: it has noise_hu"):
            outside_range(found, {"dose": (0, 1)})


class TestInference:
    """What the user sees of it."""

    def test_array_has_them_and_they_are_logged(self, monkeypatch):
        said = []
        monkeypatch.setattr(
            "lidnet_mm.apis.inferencer.print_log", lambda text, *rest: said.append(text)
        )
        small = (body(lungs=False) + noise(20))[:, 100:200, 100:200]
        result = LIDInferencer("cpce_l1", detector="none")(small, spacing=(2.5, 0.7, 0.7))
        assert any("lung" in warning for warning in result.warnings)
        assert said == [f"series 1 of 1: {warning}" for warning in result.warnings]

    def test_identity_was_trained_for_nothing_and_warns_of_nothing(self):
        series = volume(body(lungs=False) + noise(500))
        assert LIDInferencer("identity", strict=True).pipeline.warnings(series) == ()

    @pytest.fixture
    def tree(self, tmp_path):
        """A chest within the range, and a phantom."""
        hu = {"chest": body() + noise(30), "phantom": body(lungs=False) + noise(30)}
        for name, array in hu.items():
            image = SimpleITK.GetImageFromArray(np.rint(array[:1]).astype(np.int16))
            image.SetSpacing((SPACING, SPACING, 2.5))
            (tmp_path / "in").mkdir(exist_ok=True)
            SimpleITK.WriteImage(image, str(tmp_path / "in" / f"{name}.nii.gz"))
        return tmp_path

    def test_tool_warns_or_refuses(self, repository, tree, capsys):
        path = repository / "tools" / "denoise.py"
        spec = importlib.util.spec_from_file_location("denoise_tool", path)
        tool = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(tool)
        options = ["--model", BUNDLED, "--detector", "none"]
        source, low = tree / "in", f"{read_card(BUNDLED).trained_for['lung_share'][0]:g}"
        assert tool.main([str(source), str(tree / "strict"), *options, "--strict"]) == 1
        said = capsys.readouterr()
        assert f"phantom.nii.gz: not denoised: {BUNDLED} was not trained for it: lung" in said.err
        assert f"trained for {low} to" in said.err and "leave --strict out" in said.err
        assert {path.name for path in (tree / "strict").glob("*.nii.gz")} == {"chest.nii.gz"}
        phantom = str(source / "phantom.nii.gz")
        assert tool.main([phantom, str(tree / "alone"), *options, "--strict"]) == 2
        capsys.readouterr()
        assert tool.main([str(source), str(tree / "warned"), *options]) == 0
        said = capsys.readouterr()
        assert said.err.count("note: ") == 1 and "note: lung as part of the body" in said.err
        assert len(list((tree / "warned").glob("*.nii.gz"))) == 2


@pytest.mark.parametrize(
    ("hu", "words"),
    [
        ((body() + noise(20) > -500).astype(float), "scaled to 0..1"),
        (body() + noise(20) + 1024, "1024"),
        (np.full((2, SIDE, SIDE), np.nan), ""),
    ],
    ids=["a mask", "an offset that was kept", "what is refused later"],
)
def test_values_that_are_not_hu_are_told_in_the_words_of_the_converters(hu, words):
    found = measure(volume(hu))
    assert bool(found.not_hu) == bool(words)
    assert words in found.not_hu
    (told,) = outside_range(found, {})[:1] or [""]
    assert told.startswith("values are not HU: " if words else "")


def test_hu_are_not_doubted(lidc):
    assert not measure(lidc).not_hu
    assert not measure(volume(body() + noise(20))).not_hu
