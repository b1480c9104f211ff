"""A draw's augmentation is the same in whatever process, worker or resumed run it is made."""

import random

import numpy as np
import pytest
import torch
from mmcv.transforms import BaseTransform
from mmdet.utils import register_all_modules
from mmengine.dataset import pseudo_collate
from torch.utils.data import DataLoader

from lidnet_mm.datasets.ct_lesion_dataset import CTLesionDataset
from lidnet_mm.datasets.draw import Draw
from lidnet_mm.datasets.seeded_infinite_sampler import SeededInfiniteSampler

SHAPE = (24, 32)
BATCHES = 8


class NoteDraws(BaseTransform):
    """Notes a number of each library in the sample."""

    def transform(self, results):
        results["drawn"] = (random.random(), float(np.random.rand()), float(torch.rand(())))
        return results


class OnlyDraws(BaseTransform):
    """Leaves of a sample what a test compares."""

    def transform(self, results):
        return {key: results[key] for key in ("img_id", "drawn", "flip", "img")}


@pytest.fixture
def slices(tmp_path, write_volume, write_coco, hu_volume, coco_record):
    """Five slices that are cropped and flipped by chance."""
    register_all_modules(init_default_scope=True)
    write_volume(hu_volume())
    pipeline = [
        {"type": "lidnet_mm.LoadCTSlice"},
        {"type": "LoadAnnotations", "with_bbox": True},
        {"type": "RandomCrop", "crop_size": (16, 16), "allow_negative_crop": True},
        {"type": "RandomFlip", "prob": 0.5},
        NoteDraws(),
        OnlyDraws(),
    ]
    return CTLesionDataset(
        ann_file=write_coco([coco_record(i, SHAPE) for i in range(5)]),
        data_root=str(tmp_path),
        pipeline=pipeline,
    )


def batches(dataset, workers=0, skip=0):
    """What the first batches of two hold, as lists that can be compared."""
    sampler = SeededInfiniteSampler(dataset, seed=3)
    sampler.skip(2 * skip)
    loader = DataLoader(dataset, 2, sampler=sampler, num_workers=workers, collate_fn=pseudo_collate)
    found = []
    for batch, _ in zip(loader, range(BATCHES - skip), strict=False):
        images = [np.asarray(image).tobytes() for image in batch["img"]]
        found.append((list(batch["img_id"]), list(batch["flip"]), images, batch["drawn"]))
    return found


def test_each_visit_of_a_slice_is_another(slices):
    drawn = [number for batch in batches(slices) for libraries in batch[3] for number in libraries]
    assert len(drawn) == BATCHES * 6
    assert len(set(drawn)) == len(drawn)
    assert {flip for batch in batches(slices) for flip in batch[1]} == {True, False}


@pytest.mark.parametrize("workers", [1, 3])
def test_workers_make_the_same_batches(slices, workers):
    torch.manual_seed(11)  # workers are seeded from it
    assert batches(slices, workers) == batches(slices)


@pytest.mark.parametrize("workers", [0, 2])
def test_resumed_run_makes_the_rest(slices, workers):
    torch.manual_seed(12)
    assert batches(slices, workers, skip=3) == batches(slices)[3:]


def test_process_draws_on_as_if_nothing_had_been_drawn(slices):
    random.seed(1), np.random.seed(1), torch.manual_seed(1)
    expected = random.random(), np.random.rand(), torch.rand(())
    random.seed(1), np.random.seed(1), torch.manual_seed(1)
    slices[Draw(2, seed=9)]
    assert (random.random(), np.random.rand(), torch.rand(())) == expected


def test_plain_index_draws_from_the_process(slices):
    """As in validation, or with another sampler."""
    np.random.seed(1)
    first = slices[2]["drawn"]
    np.random.seed(2)
    assert slices[2]["drawn"][1] != first[1]
