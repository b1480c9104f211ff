import io
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmengine.structures import BaseDataElement, InstanceData, PixelData
from PIL import Image

from lidnet_mm.engine.denoised_slice_hook import DenoisedSliceHook
from lidnet_mm.registry import HOOKS
from lidnet_mm.visualization import SlicePanel, panels_png


def sample(index, **metainfo):
    element = BaseDataElement(
        metainfo={"patient_id": "case_0003", "slice_index": index, "image_window": (-160, 240)}
    )
    element.set_metainfo(metainfo)
    element.denoised = PixelData(data=torch.full((1, 20, 30), 40.0))
    element.ndct = PixelData(data=torch.full((1, 20, 30), 240.0))
    element.gt_instances = InstanceData(bboxes=torch.tensor([[4.0, 4, 12, 12]]))
    return element


def batch(indices):
    return {"inputs": [torch.full((1, 20, 30), -160.0) for _ in indices]}, [
        sample(index) for index in indices
    ]


def validate(hook, runner, batches):
    hook.before_val_epoch(runner)
    for number, indices in enumerate(batches):
        data_batch, outputs = batch(indices)
        hook.after_val_iter(runner, number, data_batch, outputs)


def test_draws_the_first_slices_of_each_validation(tmp_path):
    hook = DenoisedSliceHook(num_slices=3, width=90)
    for iteration in (10, 20):
        runner = SimpleNamespace(work_dir=str(tmp_path), iter=iteration)
        validate(hook, runner, [(5, 6), (7, 8), (9,)])
    folders = sorted((tmp_path / "vis_data" / "slices").iterdir())
    assert [folder.name for folder in folders] == ["iter_10", "iter_20"]
    for folder in folders:
        assert sorted(path.name for path in folder.iterdir()) == [
            f"case_0003_slice_{index:04d}.png" for index in (5, 6, 7)
        ]


def test_panels_are_ldct_denoised_and_ndct_in_the_window_of_the_sample(tmp_path):
    validate(DenoisedSliceHook(1, width=90), SimpleNamespace(work_dir=tmp_path, iter=3), [(5,)])
    (path,) = (tmp_path / "vis_data" / "slices" / "iter_3").iterdir()
    boxes = np.array([[4, 4, 12, 12]])
    expected = [
        SlicePanel(title, np.full((20, 30), hu), boxes)
        for title, hu in (("LDCT", -160.0), ("denoised", 40.0), ("NDCT", 240.0))
    ]
    assert path.read_bytes() == panels_png(expected, (-160, 240), 90)
    image = np.asarray(Image.open(io.BytesIO(path.read_bytes())).convert("L"))
    assert [image[80, column] for column in (80, 176, 272)] == [0, 128, 255]


def test_window_of_the_config_goes_first(tmp_path):
    hook = DenoisedSliceHook(1, window=(40, 300), width=90)
    validate(hook, SimpleNamespace(work_dir=tmp_path, iter=3), [(5,)])
    (path,) = (tmp_path / "vis_data" / "slices" / "iter_3").iterdir()
    image = np.asarray(Image.open(path).convert("L"))
    assert [image[80, column] for column in (80, 176)] == [0, 0]


def test_a_model_that_stores_no_denoised_image_is_named(tmp_path):
    runner = SimpleNamespace(work_dir=tmp_path, iter=3)
    element = sample(5)
    del element.denoised
    with pytest.raises(AttributeError, match="LIDDetector"):
        DenoisedSliceHook().after_val_iter(runner, 0, batch((5,))[0], [element])
    assert list(tmp_path.iterdir()) == []


def test_a_config_builds_it_and_impossible_counts_are_refused():
    assert HOOKS.build({"type": "lidnet_mm.DenoisedSliceHook", "num_slices": 2}).num_slices == 2
    with pytest.raises(ValueError, match="num_slices"):
        DenoisedSliceHook(num_slices=0)
