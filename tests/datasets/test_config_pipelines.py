"""Every pipeline of the shipped configs packs a slice, LDCT against NDCT where there is a dose."""

from pathlib import Path

import numpy as np
import pytest
from mmcv.transforms import Compose
from mmdet.utils import register_all_modules

from lidnet_mm.apis.load_config import load_config

ROOT = Path(__file__).resolve().parents[2]
CONFIGS = sorted(
    str(path.relative_to(ROOT))
    for folder in ("_base_/datasets", "baselines", "judges", "lidnet")
    for path in (ROOT / "configs" / folder).glob("*.py")
)
LOADERS = ("train_dataloader", "val_dataloader", "test_dataloader")
SIMULATION = "lidnet_mm.SimulateLowDose"


@pytest.fixture
def sample(write_volume):
    """A slice of 200 x 200 pixels, a water cylinder in air, as the dataset describes it."""
    rows, columns = np.mgrid[:200, :200] - 99.5
    image = np.where(np.hypot(rows, columns) < 70, 0, -1000).astype(np.int16)
    return {
        "img_path": str(write_volume(image[None], "volume.nii")),
        "img_id": 1,
        "slice_index": 0,
        "patient_id": "case_0001",
        "spacing": (0.7, 0.7),
        "height": 200,
        "width": 200,
        "instances": [{"bbox": [80, 80, 120, 120], "bbox_label": 0, "ignore_flag": 0}],
    }


def quick(pipeline):
    """A pipeline with few views and no caches, and whether it simulates LDCT."""
    steps = [dict(step) for step in pipeline]
    doses = [step for step in steps if step["type"] == SIMULATION]
    for dose in doses:
        dose.update(num_views=4)
    for step in steps:
        step.update({key: None for key in ("cache_dir", "cache_gib") if key in step})
    return steps, bool(doses)


def test_every_kind_of_config_is_among_them():
    assert {Path(name).stem.rpartition("_")[2] for name in CONFIGS} >= {"ldct", "ndct", "sts"}


@pytest.mark.parametrize("name", CONFIGS)
def test_pipelines_pack_ldct_where_there_is_a_dose_and_ndct_elsewhere(sample, name):
    register_all_modules(init_default_scope=True)
    config = load_config(ROOT / name)
    loaders = [config[key] for key in LOADERS if config.get(key)]
    assert loaders
    for loader in loaders:
        steps, simulated = quick(loader.dataset.pipeline)
        packed = Compose(steps)(dict(sample))
        assert (not packed["inputs"].equal(packed["ndct"])) == simulated


@pytest.mark.parametrize("name", CONFIGS)
def test_training_gets_fresh_noise_and_tests_their_own(name):
    """By the sampler and by test_mode alone, and with the settings of one dose."""
    config = load_config(ROOT / name)
    train = config.train_dataloader
    assert train.sampler.type == "lidnet_mm.SeededInfiniteSampler"
    assert not train.dataset.get("test_mode", False)
    tests = [config[key].dataset for key in LOADERS[1:] if config.get(key)]
    assert all(dataset.test_mode for dataset in tests)
    datasets = [train.dataset, *tests]
    doses = [step for d in datasets for step in d.pipeline if step["type"] == SIMULATION]
    assert all(dose == doses[0] and dose.get("realizations", 4) > 1 for dose in doses)
