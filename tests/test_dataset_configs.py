"""The configs of data sets fit the paper, the converters and each other."""

from pathlib import Path

import pytest

from lidnet_mm.apis.load_config import load_config
from lidnet_mm.datasets.converters.patient_split import patients_per_part
from lidnet_mm.datasets.converters.sources.deeplesion.deeplesion import DeepLesion
from lidnet_mm.datasets.converters.sources.luna16.luna16 import Luna16
from lidnet_mm.datasets.converters.sources.masks.fumpe import Fumpe
from lidnet_mm.datasets.converters.sources.masks.msd_lung import MsdLung
from lidnet_mm.datasets.converters.sources.voc.lung_pet_ct_dx import LungPetCtDx
from lidnet_mm.datasets.ct_lesion_dataset import CTLesionDataset
from lidnet_mm.datasets.expected_counts import check_expected
from lidnet_mm.registry import TRANSFORMS

FOLDER = Path(__file__).resolve().parents[1] / "configs" / "_base_" / "datasets"
PARTS = ("train", "val", "test")
NAMES = ("pe_ct", "l_ct_a", "l_ct_g", "luna16", "deeplesion", "msd_lung")
CONVERTERS = {
    "pe_ct": Fumpe,
    "l_ct_a": LungPetCtDx,
    "l_ct_g": LungPetCtDx,
    "luna16": Luna16,
    "deeplesion": DeepLesion,
    "msd_lung": MsdLung,
}
# Table 1 of the paper: slices to train and to test, all of 512 x 512 pixels.
TABLE_1 = {"pe_ct": (2000, 304), "l_ct_a": (2500, 500), "l_ct_g": (2500, 500)}


def datasets(name):
    """Config of each part's data set."""
    config = load_config(FOLDER / f"{name}.py")
    loaders = {part: config.get(f"{part}_dataloader") for part in PARTS}
    return {part: loader.dataset for part, loader in loaders.items() if loader}


def counts(name, what):
    """What each part is expected to have."""
    return {part: d.expected.get(what) for part, d in datasets(f"{name}_ldct").items()}


@pytest.mark.parametrize("name", TABLE_1)
def test_the_papers_counts(name):
    train, test = TABLE_1[name]
    assert counts(name, "slices") == {"train": train, "test": test}
    assert set(counts(name, "shape").values()) == {(512, 512)}


@pytest.mark.parametrize(("name", "patients"), [("luna16", 888), ("msd_lung", 63)])
def test_patients_are_those_of_the_converters_own_split(name, patients):
    assert counts(name, "patients") == patients_per_part(patients, CONVERTERS[name].split)


def test_deeplesion_in_its_published_parts_has_all_its_slices():
    assert sum(counts("deeplesion", "slices").values()) == 32120


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dose", ["ldct", "ndct"])
def test_all_parts_lie_in_one_folder_of_their_own(name, dose):
    config = load_config(FOLDER / f"{name}_{dose}.py")
    assert {d.data_root for d in datasets(f"{name}_{dose}").values()} == {f"data/{name}"}
    files = [m.ann_file for m in config.test_evaluator if m.get("ann_file")]
    assert files == [f"data/{name}/annotations/test.json"]
    if dose == "ldct":
        assert config.low_dose.cache_dir == f"data/cache/{name}"


@pytest.mark.parametrize("name", NAMES)
def test_judges_see_the_same_slices(name):
    ldct, ndct = datasets(f"{name}_ldct"), datasets(f"{name}_ndct")
    assert set(ldct) == set(ndct)
    for part in ldct:
        for key in ("data_root", "ann_file", "metainfo", "expected"):
            assert ldct[part].get(key) == ndct[part].get(key)


@pytest.mark.parametrize("name", CONVERTERS)
def test_classes_are_what_the_converter_writes(name):
    for dataset in datasets(f"{name}_ldct").values():
        classes = dataset.get("metainfo", CTLesionDataset.METAINFO)["classes"]
        assert tuple(classes) == (CONVERTERS[name].class_name,)


@pytest.mark.parametrize("name", [f"{name}_{dose}" for name in NAMES for dose in ("ldct", "ndct")])
def test_expectations_and_bounded_caches_are_accepted(name):
    for dataset in datasets(name).values():
        check_expected(dataset.expected)
        own = [step for step in dataset.pipeline if step.type.startswith("lidnet_mm.")]
        bounds = [TRANSFORMS.build(step) and step.get("cache_gib") for step in own[:-1]]
        assert all(bounds)
