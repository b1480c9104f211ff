"""A slice that cannot be read is named; it ends the training or leaves its batch, as configured."""

import pytest
from mmdet.utils import register_all_modules
from mmengine.runner import Runner

from lidnet_mm.datasets.readers import VolumeError

SHAPE = (24, 32)
DAMAGED = "case_0002"


@pytest.fixture
def load(tmp_path, write_volume, write_coco, hu_volume, coco_record):
    """Function that reads all batches of a data set whose second patient is cut short.

    Returns the patient and slice of each sample, batch by batch.
    """
    register_all_modules(init_default_scope=True)
    write_volume(hu_volume())
    path = write_volume(hu_volume(seed=1), f"volumes/{DAMAGED}.nii.gz")
    path.write_bytes(path.read_bytes()[:4000])
    records = [coco_record(index, SHAPE) for index in range(3)]
    damaged = coco_record(1, SHAPE, id=9, file_name=f"volumes/{DAMAGED}.nii.gz", patient_id=DAMAGED)

    def read(batch_size=2, workers=0, damaged_at=2, **options):
        images = [*records[:damaged_at], damaged, *records[damaged_at:]]
        dataset = {
            "type": "lidnet_mm.CTLesionDataset",
            "ann_file": write_coco(images),
            "data_root": str(tmp_path),
            "pipeline": [
                {"type": "lidnet_mm.LoadCTSlice"},
                {"type": "LoadAnnotations", "with_bbox": True},
                {"type": "lidnet_mm.PackLIDInputs", "source": "ndct"},
            ],
            **options,
        }
        loader = Runner.build_dataloader(
            {
                "batch_size": batch_size,
                "num_workers": workers,
                "dataset": dataset,
                "sampler": {"type": "DefaultSampler", "shuffle": False},
            }
        )
        return [[(s.patient_id, s.slice_index) for s in b["data_samples"]] for b in loader]

    return read


@pytest.mark.parametrize("workers", [0, 1])
def test_error_by_default(load, workers):
    with pytest.raises(VolumeError, match=f"Patient {DAMAGED}, slice 1: .*{DAMAGED}.nii.gz"):
        load(workers=workers)


def test_skipped_slice_leaves_its_batch_and_is_named(load, warnings_logged):
    case = "case_0001"
    assert load(unreadable="skip") == [[(case, 0), (case, 1)], [(case, 2)]]
    (line,) = warnings_logged().splitlines()
    assert "Left out of its batch: slice 1 of " in line
    assert f"{DAMAGED}.nii.gz (patient {DAMAGED})" in line


def test_missing_file_is_unreadable_too(load, tmp_path, monkeypatch, warnings_logged):
    """Gone since the data set was built."""
    monkeypatch.setattr("lidnet_mm.datasets.ct_lesion_dataset.require_volumes", lambda *_: None)
    (tmp_path / "volumes" / f"{DAMAGED}.nii.gz").unlink()
    assert [len(batch) for batch in load(unreadable="skip")] == [2, 1]
    assert "does not exist" in warnings_logged()


def test_batch_without_a_slice_is_an_error(load):
    with pytest.raises(VolumeError, match=f"No slice of a batch of 1 .*{DAMAGED}.*annotation"):
        load(batch_size=1, unreadable="skip")


def test_mistakes_of_a_config_are_not_skipped(load):
    with pytest.raises(ValueError, match="no LDCT"):
        load(
            unreadable="skip",
            pipeline=[{"type": "lidnet_mm.LoadCTSlice"}, {"type": "lidnet_mm.LoadPairedLDCT"}],
        )


def test_not_in_a_test(load):
    with pytest.raises(ValueError, match="unreadable='skip' is for training"):
        load(unreadable="skip", test_mode=True)


def test_unknown_policy(load):
    with pytest.raises(ValueError, match="unreadable must be 'error' or 'skip', not 'ignore'"):
        load(unreadable="ignore")
