"""Which package measures texture, and that both measure the same."""

import importlib.metadata
import json
import sys

import numpy as np
import pytest
import SimpleITK

from lidnet_mm.datasets.readers import open_volume
from lidnet_mm.evaluation import RadiomicsMetric, SliceRecordMetric, skimage_glcm
from lidnet_mm.evaluation.glcm_texture import box_slices, glcm_texture
from lidnet_mm.evaluation.texture_source import texture_source

NAMES = ("Correlation", "Id", "JointEnergy")
SAME = 1e-12


@pytest.fixture(scope="module")
def pyradiomics():
    """Function that has PyRadiomics do all on a slice in HU: cut out, bin, count."""
    extraction = pytest.importorskip("radiomics.featureextractor", reason="needs PyRadiomics")

    def measure(image, mask, bin_width, spacing=(1.0, 1.0)):
        settings = {"binWidth": bin_width, "force2D": True, "force2Ddimension": 0}
        extractor = extraction.RadiomicsFeatureExtractor(**settings)
        extractor.disableAllFeatures()
        extractor.enableFeaturesByName(glcm=list(NAMES))
        padded = (
            np.pad(array, ((0, 1), (0, 0))) for array in (image, mask * 1)
        )  # it asks for some
        volumes = [SimpleITK.GetImageFromArray(array[None]) for array in padded]
        for volume in volumes:
            volume.SetSpacing((*spacing[::-1], 3.0))
        found = extractor.execute(*volumes)
        return [float(found[f"original_glcm_{name}"]) for name in NAMES]

    return measure


def region_of(mask):
    """Smallest box around a mask."""
    return tuple(slice(places.min(), places.max() + 1) for places in np.nonzero(mask))


def assert_same(pyradiomics, image, mask, bin_width, spacing=(1.0, 1.0)):
    """scikit-image, here, agrees with PyRadiomics on a whole slice."""
    assert texture_source().package == "scikit-image"
    box = region_of(mask)
    found = glcm_texture(image[box], bin_width, mask[box])
    expected = pyradiomics(image, mask, bin_width, spacing)
    np.testing.assert_allclose(found, expected, rtol=0, atol=SAME)


class TestChoice:
    def test_pyradiomics_where_it_is_installed(self, anew):
        pytest.importorskip("radiomics", reason="PyRadiomics is not installed")
        version = importlib.metadata.version("pyradiomics")
        assert str(texture_source()) == f"PyRadiomics {version}"

    def test_scikit_image_elsewhere(self, without_pyradiomics):
        version = importlib.metadata.version("scikit-image")
        assert str(texture_source()) == f"scikit-image {version}"
        assert texture_source().measure is skimage_glcm.measure

    @pytest.mark.parametrize("fault", ["import no_such_part", "raise ImportError('other numpy')"])
    @pytest.mark.parametrize("metric", [RadiomicsMetric, lambda: SliceRecordMetric("x.json")])
    def test_broken_pyradiomics_is_no_missing_one(self, fault, metric, installed):
        """Said before a test begins, and not answered with another package."""
        installed(glcm=fault)
        with pytest.raises(ImportError, match=r"does not load \((No module|other).*uninstall it"):
            metric()

    def test_folder_of_that_name_is_no_package(self, installed):
        installed(notes="")
        assert texture_source().package == "scikit-image"

    @pytest.fixture
    def installed(self, tmp_path, monkeypatch, anew):
        """Function that puts a package ``radiomics`` of some modules in the way of the real one."""

        def loaded():
            return [name for name in sys.modules if name.split(".")[0] == "radiomics"]

        def install(**modules):
            folder = tmp_path / "radiomics"
            folder.mkdir()
            for name, text in modules.items():
                (folder / f"{name}.py").write_text(text)
            for name in loaded():
                monkeypatch.delitem(sys.modules, name)
            others = [path for path in sys.path if "site-packages" not in path]
            monkeypatch.setattr(sys, "path", [str(tmp_path), *others])

        yield install
        for name in loaded():  # its own, which would outlive the test
            del sys.modules[name]


@pytest.mark.usefixtures("without_pyradiomics")
class TestSameValues:
    """Of scikit-image, and of PyRadiomics from the HU of a whole slice on."""

    def test_random_regions(self, pyradiomics):
        """Of any form, at the border and inside, of few and many grey levels, any spacing."""
        rng = np.random.default_rng(11)
        for _ in range(200):
            height, width = rng.integers(8, 20, 2)
            image = rng.normal(rng.uniform(-900, 100), rng.choice([8, 30, 150]), (height, width))
            image = image.round() if rng.random() < 0.7 else image.round(2)
            mask = rng.random(image.shape) < rng.choice([0.4, 0.7, 1])
            mask[: rng.integers(0, 3)] = mask[:, : rng.integers(0, 3)] = False
            spacing = rng.uniform(0.5, 3, 2)
            assert_same(pyradiomics, image, mask, float(rng.choice([10, 25, 60])), spacing)

    @pytest.mark.parametrize(
        ("image", "mask"),
        [
            (np.full((5, 6), 40.0), np.ones((5, 6))),
            (np.eye(1, 20).reshape(4, 5) * 100, np.ones((4, 5))),
            (np.tile([0.0, 25, 3000], (4, 3)), np.ones((4, 9))),
            (np.arange(48.0).reshape(6, 8) * 25 - 500, np.tile([0, 1, 1, 0, 0, 0, 0, 0], (6, 1))),
            (np.arange(48.0).reshape(6, 8) * 25 - 500, np.eye(6, 8)),
            (np.arange(48.0).reshape(6, 8) * -25, np.pad(np.ones((2, 3)), ((4, 0), (5, 0)))),
        ],
        ids=["constant", "lone corner", "gap of levels", "two columns", "diagonal", "border"],
    )
    def test_edge_cases(self, pyradiomics, image, mask):
        assert_same(pyradiomics, image, mask.astype(bool), 25.0, (0.7, 1.9))

    def test_real_tumours(self, real_data, pyradiomics):
        """Their outlines and their boxes, in a slice of each patient."""
        paths = sorted(real_data.glob("sts/*/CT_mask.nii.gz"))
        if not paths:
            pytest.skip("no soft-tissue sarcoma CT in the real data")
        for path in paths:
            masks = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(path))) > 0
            index = int(masks.sum(axis=(1, 2)).argmax())
            volume = SimpleITK.ReadImage(str(path.with_name("CT_image.nii.gz")))
            image, mask = SimpleITK.GetArrayFromImage(volume)[index].astype(float), masks[index]
            box = np.zeros_like(mask)
            box[region_of(mask)] = True
            for inside in (mask, box):
                assert_same(pyradiomics, image, inside, 25.0, volume.GetSpacing()[1::-1])

    def test_real_nodule(self, real_data, pyradiomics):
        """In a reader's box on each slice, as the metric cuts it out."""
        folder = real_data / "lidc_series"
        if not folder.is_dir():
            pytest.skip("no LIDC series in the real data")
        volume = open_volume(folder / "dicom")
        for entry in json.loads((folder / "nodules.json").read_text()):
            index = volume.sop_instance_uids.index(entry["sop_instance_uid"])
            image = volume.read_slice(index).astype(float)
            mask = np.zeros(image.shape, bool)
            mask[box_slices(np.array(entry["reader_boxes_xyxy"][0], float), image.shape)] = True
            assert_same(pyradiomics, image, mask, 25.0)

    def test_metric(self, predicted_sample, evaluate, textured_slice, pyradiomics):
        """From image to result, by the features that PyRadiomics finds in either image."""
        ndct, denoised = textured_slice(0), textured_slice(1, scale=30.0)
        x1, y1, x2, y2 = 4, 6, 20, 18
        mask = np.zeros(ndct.shape, bool)
        mask[y1:y2, x1:x2] = True
        sample = predicted_sample(denoised, ndct, [(x1, y1, x2, y2)])
        found = evaluate(RadiomicsMetric(window=(-1000, 1000)), [sample])
        pair = [np.array(pyradiomics(image, mask, 25)) for image in (denoised, ndct)]
        values = [found[f"radiomics/{name}"] for name in ("correlation", "homogeneity", "energy")]
        np.testing.assert_allclose(values, abs(pair[0] - pair[1]), rtol=0, atol=1e-6)
        assert found["radiomics/source"] == str(texture_source())
