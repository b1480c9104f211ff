"""Which slices are kept for the report, and what of them."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmdet.structures import DetDataSample
from mmengine.structures import InstanceData, PixelData

from lidnet_mm.engine.case_recorder_hook import CaseRecorderHook


def run(hook, work_dir, lesions, batch_size=2):
    """Test run over slices; ``lesions`` says which of them have one."""
    dataset = [
        {"img_id": 10 + i, "instances": [{}] if lesion else []} for i, lesion in enumerate(lesions)
    ]
    source = type("Slices", (), {"__len__": lambda _: len(dataset)})()
    source.get_data_info = lambda index: dataset[index]
    runner = SimpleNamespace(
        test_dataloader=SimpleNamespace(dataset=source), work_dir=str(work_dir)
    )
    hook.before_test(runner)
    for start in range(0, len(dataset), batch_size):
        ids = [info["img_id"] for info in dataset[start : start + batch_size]]
        inputs = [torch.full((1, 4, 5), float(i)) for i in ids]
        hook.after_test_iter(runner, 0, {"inputs": inputs}, [prediction(i) for i in ids])
    return {path.name: dict(np.load(path)) for path in sorted(work_dir.glob("cases/*.npz"))}


def prediction(img_id):
    """A predicted sample whose values tell which one it is."""
    sample = DetDataSample(
        gt_instances=InstanceData(bboxes=torch.tensor([[1.0, 1.0, 3.0, 3.0]])),
        pred_instances=InstanceData(
            bboxes=torch.tensor([[0.0, 0.0, 2.0, 2.0]]), scores=torch.tensor([0.7])
        ),
    )
    sample.denoised = PixelData(data=torch.full((1, 4, 5), -float(img_id)))
    sample.set_metainfo({"img_id": img_id, "patient_id": "case_0001", "slice_index": img_id - 10})
    return sample


def kept_ids(cases):
    return [int(case["input"][0, 0]) for case in cases.values()]


def test_content(tmp_path):
    (case,) = run(CaseRecorderHook(1), tmp_path, [True]).values()
    assert str(case["name"]) == "case_0001, slice 0"
    np.testing.assert_array_equal(case["input"], np.full((4, 5), 10))
    np.testing.assert_array_equal(case["image"], np.full((4, 5), -10))
    np.testing.assert_array_equal(case["ground_truth"], [[1, 1, 3, 3]])
    np.testing.assert_array_equal(case["boxes"], [[0, 0, 2, 2]])
    np.testing.assert_allclose(case["scores"], [0.7])


@pytest.mark.parametrize("slices", range(1, 9))
@pytest.mark.parametrize("wanted", [1, 3, 4, 6])
def test_number_of_slices(tmp_path, slices, wanted):
    """As many as wanted, or all there are; none twice; numbered without gaps, in order."""
    cases = run(CaseRecorderHook(wanted), tmp_path, [True] * slices)
    expected = min(wanted, slices)
    assert list(cases) == [f"{number:03d}.npz" for number in range(expected)]
    assert len(set(kept_ids(cases))) == expected
    assert kept_ids(cases) == sorted(kept_ids(cases))


def test_spread_over_the_slices_with_lesion(tmp_path):
    lesions = [False, False] + [True] * 9 + [False] * 5
    assert kept_ids(run(CaseRecorderHook(3), tmp_path, lesions)) == [13, 16, 19]


def test_no_lesion_anywhere(tmp_path):
    assert not run(CaseRecorderHook(3), tmp_path, [False, False])


@pytest.mark.parametrize("number", [0, -2])
def test_not_positive(number):
    with pytest.raises(ValueError, match=f"num_cases must be at least 1, got {number}"):
        CaseRecorderHook(number)


def stack(hook, work_dir, places, with_lesion):
    """Test run over slices at (patient, series, index), some of which have a lesion."""
    dataset = [
        {
            "img_id": n,
            "instances": [{}] if n in with_lesion else [],
            "patient_id": patient,
            "series": series,
            "slice_index": index,
        }
        for n, (patient, series, index) in enumerate(places)
    ]
    source = type("Slices", (), {"__len__": lambda _: len(dataset)})()
    source.get_data_info = lambda index: dataset[index]
    runner = SimpleNamespace(
        test_dataloader=SimpleNamespace(dataset=source), work_dir=str(work_dir)
    )
    hook.before_test(runner)
    for info in dataset:
        sample = prediction(info["img_id"])
        sample.set_metainfo({key: info[key] for key in ("patient_id", "series", "slice_index")})
        inputs = [torch.full((1, 4, 5), float(info["img_id"]))]
        hook.after_test_iter(runner, 0, {"inputs": inputs}, [sample])
    return {
        path.stem: int(np.load(path)["input"][0, 0])
        for path in sorted((work_dir / "cases").glob("*.npz"))
    }


def test_neighbours_are_of_the_same_volume_and_those_that_there_are(tmp_path):
    places = [("a", "", 3), ("a", "", 4), ("a", "", 5), ("a", "2", 6), ("b", "", 6), ("a", "", 2)]
    kept = stack(CaseRecorderHook(1, depth=5), tmp_path, places, {1})
    assert kept == {"000": 1, "000+1": 2, "000-1": 0, "000-2": 5}


def test_a_slice_may_belong_to_two_cases(tmp_path):
    places = [("a", "", n) for n in range(3)]
    kept = stack(CaseRecorderHook(2, depth=3), tmp_path, places, {0, 2})
    assert kept == {"000": 0, "000+1": 1, "001": 2, "001-1": 1}


def test_cases_of_an_earlier_test_are_gone(tmp_path):
    places = [("a", "", n) for n in range(4)]
    assert len(stack(CaseRecorderHook(2, depth=3), tmp_path, places, {0, 3})) == 4
    assert list(stack(CaseRecorderHook(1), tmp_path, places, {0, 3})) == ["000"]


@pytest.mark.parametrize("depth", [0, 2, -1])
def test_depth_is_odd(depth):
    with pytest.raises(ValueError, match=f"depth must be odd and at least 1, got {depth}"):
        CaseRecorderHook(1, depth)
