"""Regions along a real training."""

import numpy as np
import pytest
import torch

from lidnet_mm.engine.region_recorder_hook import RegionRecorderHook
from lidnet_mm.evaluation.region_track import find_regions, read_regions

SCHEDULE = {"pretrain_iters": 2, "denoiser_iters": 2, "detector_iters": 2, "rounds": 1}


def with_places(runner):
    """Give the slices of the validation a patient and a position."""
    dataset = runner.val_dataloader.dataset
    for index, item in enumerate(dataset.items):
        item["data_samples"].set_metainfo({"patient_id": "case_0001", "slice_index": index})
    dataset.get_data_info = lambda index: {"instances": [{}] if index else []}
    return dataset


def train(make_runner, folder, hook=True, **changes):
    runner = make_runner(folder, SCHEDULE, validate=True, **changes)
    with_places(runner)
    if hook:
        runner.register_hook(RegionRecorderHook(interval=3, num_cases=2))
    runner.train()
    return runner


@pytest.fixture(scope="module")
def recorded(make_runner, tmp_path_factory):
    folder = tmp_path_factory.mktemp("recorded")
    return train(make_runner, folder), folder


def test_first_every_third_and_last_iteration(recorded):
    runner, folder = recorded
    tracks = find_regions(folder, "LIDnet")
    assert len(tracks) == 2
    for track in tracks:
        assert track.iterations == (0, 3, 6)
        assert all(0 < len(found) <= 5 for found in track.regions)
        boxes = np.concatenate(track.regions)
        assert (boxes >= 0).all() and (boxes <= 64).all()
        assert (boxes[:, 2:] > boxes[:, :2]).all()
        assert track.label == "LIDnet" and track.image.shape == (64, 64)
    items = runner.val_dataloader.dataset.items
    names = [f"case_0001, slice {n}" for n in (2, 5)]  # spread over those with a lesion, 1 to 6
    assert [track.name for track in tracks] == names
    expected = items[2]["data_samples"].gt_instances.bboxes.numpy()
    np.testing.assert_array_equal(tracks[0].ground_truth, expected)


def test_last_regions_are_those_of_the_trained_model(recorded):
    """As the loss takes them: the same pass, written out."""
    runner, folder = recorded
    model = runner.model
    item = runner.val_dataloader.dataset[2]
    batch = {"inputs": [item["inputs"]], "ndct": [item["ndct"]],
             "data_samples": [item["data_samples"]]}  # fmt: skip
    data = model.data_preprocessor(batch, False)
    model.eval()
    with torch.no_grad():
        features = model.detector.extract_feat(model.bridge(model.denoiser(data["inputs"])))
        found = model.detector.rpn_head.predict(features, data["data_samples"], rescale=False)
    last = find_regions(folder, "")[0].regions[-1]
    # The RPN keeps more proposals in training than in a test, by the same order of scores.
    np.testing.assert_allclose(last[0], found[0].bboxes[0].numpy(), atol=1e-3)


def test_the_training_is_the_one_without(make_runner, recorded, tmp_path):
    plain = train(make_runner, tmp_path, hook=False).observer
    found = recorded[0].observer
    assert plain.batches == found.batches
    for before, after in zip(plain.random, found.random, strict=True):
        assert torch.equal(before, after)
    for before, after in zip(plain.states, found.states, strict=True):
        for part in before:
            for name, value in before[part].items():
                assert torch.equal(value, after[part][name]), f"{part}.{name}"


def test_what_was_recorded_after_the_checkpoint_is_left_out(recorded):
    track = read_regions(recorded[1] / "regions" / "000.npz", until=3)
    assert track.iterations == (0, 3) and len(track.regions) == 2


def test_a_model_without_regions_is_refused(make_runner, tmp_path, small_lidnet):
    model = {**small_lidnet, "roi_perceptual_loss": {"type": "lidnet_mm.ROIPerceptualLoss",
                                                     "loss_weight": 0}}  # fmt: skip
    with pytest.raises(TypeError, match="LIDDetector has none; leave the hook out"):
        train(make_runner, tmp_path, model=model)


@pytest.mark.parametrize("changes", [{"interval": 0}, {"num_cases": 0}])
def test_not_positive(changes):
    with pytest.raises(ValueError, match="must be at least 1"):
        RegionRecorderHook(**changes)
