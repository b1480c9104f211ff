"""Training slices have other noise at every visit and test slices never, whatever the config."""

import numpy as np
import pytest
import torch
from mmcv.transforms import BaseTransform
from mmdet.utils import register_all_modules
from mmengine.dataset import ConcatDataset, RepeatDataset, pseudo_collate
from torch.utils.data import DataLoader

from lidnet_mm.datasets.ct_lesion_dataset import CTLesionDataset
from lidnet_mm.datasets.draw import Draw
from lidnet_mm.datasets.seeded_infinite_sampler import SeededInfiniteSampler

SHAPE = (32, 32)
SLICES, EPOCHS = 3, 6


class OnlyImages(BaseTransform):
    """Leaves of a sample what a test compares."""

    def transform(self, results):
        return {key: results[key] for key in ("img_id", "flip", "img")}


class RefuseOnce(BaseTransform):
    """Refuses the first slice that it gets."""

    done = False

    def transform(self, results):
        refused, self.done = not self.done, True
        return None if refused else results


@pytest.fixture
def make(tmp_path, write_volume, write_coco, coco_record):
    """Function that makes a data set of three slices of water, with settings of its noise."""
    register_all_modules(init_default_scope=True)
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]] - 15.5
    disk = np.where(np.hypot(rows, columns) < 13, 0, -1000).astype(np.int16)
    write_volume(np.stack([disk] * SLICES))
    ann_file = write_coco([coco_record(index, SHAPE) for index in range(SLICES)])

    def build(test_mode=False, before=(), **settings):
        low_dose = {
            "type": "lidnet_mm.SimulateLowDose",
            "incident_photons": 1e5,
            "num_views": 24,
            "realizations": 2,
            **settings,
        }
        pipeline = [
            {"type": "lidnet_mm.LoadCTSlice"},
            {"type": "LoadAnnotations", "with_bbox": True},
            low_dose,
            {"type": "RandomFlip", "prob": 0.5 * (not test_mode)},
            OnlyImages(),
        ]
        return CTLesionDataset(
            ann_file=ann_file,
            data_root=str(tmp_path),
            pipeline=[*before, *pipeline],
            test_mode=test_mode,
        )

    return build


def visits(dataset, workers=0, skip=0, rank=0, world_size=1):
    """Slice, flip and image of the draws of some epochs."""
    sampler = SeededInfiniteSampler(dataset, seed=3)
    sampler.rank, sampler.world_size = rank, world_size
    sampler.skip(skip)
    loader = DataLoader(dataset, 1, sampler=sampler, num_workers=workers, collate_fn=pseudo_collate)
    count = SLICES * EPOCHS // world_size - skip
    return [
        (batch["img_id"][0], batch["flip"][0], np.asarray(batch["img"][0]).tobytes())
        for batch, _ in zip(loader, range(count), strict=False)
    ]


@pytest.mark.parametrize("cached", [False, True])
def test_no_visit_of_a_training_is_like_another(make, tmp_path, cached):
    dataset = make(cache_dir=str(tmp_path / "cache") if cached else None)
    images = [image for _, _, image in visits(dataset)]
    assert len(set(images)) == len(images) == SLICES * EPOCHS


def test_workers_ranks_and_a_resumed_run_see_what_one_undisturbed_process_sees(make, tmp_path):
    """Each with a cache of its own that was empty when it began."""

    def fresh(name):
        return make(cache_dir=str(tmp_path / name))

    whole = visits(fresh("whole"))
    torch.manual_seed(5)
    assert visits(fresh("workers"), workers=2) == whole
    assert visits(fresh("resumed"), skip=7) == whole[7:]
    assert visits(fresh("whole"), skip=7) == whole[7:]  # and with a full one
    for rank in (0, 1):
        assert visits(fresh("ranks"), rank=rank, world_size=2) == whole[rank::2]


def test_noise_changes_no_other_augmentation(make, tmp_path):
    fixed = visits(make(realizations=1))
    for settings in ({}, {"cache_dir": str(tmp_path / "cache")}, {"realizations": 9}):
        assert [v[:2] for v in visits(make(**settings))] == [v[:2] for v in fixed]


class TestTests:
    @pytest.mark.parametrize("realizations", [1, 2, 7])
    def test_a_slice_is_the_same_at_every_visit_in_every_process(
        self, make, tmp_path, realizations
    ):
        expected = [make(test_mode=True, realizations=1)[i]["img"] for i in range(SLICES)]
        dataset = make(test_mode=True, realizations=realizations, cache_dir=str(tmp_path / "cache"))
        for workers in (0, 2):
            loader = DataLoader(dataset, 1, num_workers=workers, collate_fn=pseudo_collate)
            for _ in range(3):
                for batch, image in zip(loader, expected, strict=True):
                    np.testing.assert_array_equal(batch["img"][0], image)

    def test_even_where_a_training_sampler_draws_it(self, make, tmp_path):
        dataset = make(test_mode=True, cache_dir=str(tmp_path / "cache"))
        seen = {(number, image) for number, _, image in visits(dataset)}
        assert len(seen) == SLICES

    def test_even_where_nobody_said_that_it_is_a_test(self, make, tmp_path, warnings_logged):
        """A loader of tests has no draws; what else may be meant is said, once."""
        dataset = make(cache_dir=str(tmp_path / "cache"))
        exact = make(test_mode=True)
        for _ in range(3):
            for index in range(SLICES):
                mirrored = dataset[index]
                image = mirrored["img"][:, ::-1] if mirrored["flip"] else mirrored["img"]
                np.testing.assert_array_equal(image, exact[index]["img"])
        assert warnings_logged().count("the same at every visit") == 1
        assert "SeededInfiniteSampler" in warnings_logged()


def test_tests_are_not_warned_of(make, warnings_logged):
    make(test_mode=True)[0], make(realizations=1)[0], make()[Draw(0, seed=1, visit=0)]
    assert "every visit" not in warnings_logged()


def test_repeated_and_joined_data_sets_repeat_no_noise(make, tmp_path):
    dataset = make(cache_dir=str(tmp_path / "cache"))
    for outer in (RepeatDataset(dataset, times=3), ConcatDataset([dataset, make()])):
        sampler = SeededInfiniteSampler(outer, seed=3)
        own = {}
        for draw, _ in zip(sampler, range(2 * len(outer)), strict=False):
            image = outer[draw]["img"].tobytes()
            own.setdefault(outer[draw]["img_id"], []).append(image)
        assert all(len(set(images)) == len(images) >= 4 for images in own.values())


def test_slice_in_place_of_a_refused_one_has_fresh_noise_of_the_same_seed(make, warnings_logged):
    images = [
        make(before=[RefuseOnce()])[Draw(0, seed=seed, visit=4)]["img"].tobytes()
        for seed in (1, 2, 1)
    ]
    assert images[0] == images[2] != images[1]
    assert "every visit" not in warnings_logged()
