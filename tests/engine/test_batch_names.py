from mmengine.structures import BaseDataElement

from lidnet_mm.engine.batch_names import batch_names


def sample(**meta):
    return BaseDataElement(metainfo=meta)


def test_file_slice_and_patient():
    batch = {
        "data_samples": [
            sample(img_path="a.nii.gz", slice_index=0, patient_id="p1", img_id=7),
            sample(img_path="b.png"),
            sample(img_id=3),
            sample(),
        ]
    }
    assert batch_names(batch) == (
        "slice 0 of a.nii.gz (patient p1), b.png, sample 3, sample without a name"
    )


def test_batches_without_samples():
    assert batch_names({"inputs": 1}) == batch_names([1]) == batch_names(None) == "unnamed"
