"""Real CT from the converter through the data set and the pipeline, against SimpleITK."""

import numpy as np
import pytest
import SimpleITK
from mmdet.utils import register_all_modules

from lidnet_mm.datasets.converters.command_line import convert_as_told, parse
from lidnet_mm.datasets.converters.sources.masks.nifti_masks import NiftiMasks
from lidnet_mm.registry import DATASETS

PIPELINE = [
    {"type": "lidnet_mm.LoadCTSlice"},
    {"type": "lidnet_mm.SimulateLowDose", "noise_hu": 60, "num_views": 48},
    {"type": "LoadAnnotations", "with_bbox": True},
    {"type": "lidnet_mm.PackLIDInputs"},
]


def lps_array(path) -> np.ndarray:
    """A volume in display order, by SimpleITK."""
    return SimpleITK.GetArrayFromImage(SimpleITK.DICOMOrient(SimpleITK.ReadImage(str(path)), "LPS"))


@pytest.fixture(scope="module")
def converted(real_data, tmp_path_factory):
    """Three patients with soft-tissue sarcoma, converted; the folder and the source folders."""
    patients = sorted((real_data / "sts").glob("STS_*"))[:3]
    if len(patients) < 3:
        pytest.skip("no soft-tissue sarcoma CT in the real data")
    source = tmp_path_factory.mktemp("source")
    for patient in patients:
        (source / patient.name).symlink_to(patient)
    out = tmp_path_factory.mktemp("converted") / "sts"
    arguments = [str(source), str(out), "--split", "train=2", "val=1"]
    arguments += ["--image", "{patient}/CT_image.nii.gz", "--mask", "{patient}/CT_mask.nii.gz"]
    convert_as_told(NiftiMasks(), parse(NiftiMasks(), arguments=arguments))
    return out, patients


@pytest.mark.parametrize("part", ["train", "val"])
def test_slices_and_boxes_of_real_ct(converted, part):
    folder, patients = converted
    register_all_modules(init_default_scope=True)
    dataset = DATASETS.build(
        {
            "type": "lidnet_mm.CTLesionDataset",
            "data_root": str(folder),
            "ann_file": f"annotations/{part}.json",
            "pipeline": PIPELINE,
        }
    )
    images = {f"case_{i:04d}": lps_array(p / "CT_image.nii.gz") for i, p in enumerate(patients, 1)}
    masks = {f"case_{i:04d}": lps_array(p / "CT_mask.nii.gz") for i, p in enumerate(patients, 1)}
    names = {dataset.get_data_info(i)["patient_id"] for i in range(len(dataset))}
    assert len(names) == (2 if part == "train" else 1)
    assert len(dataset) == sum(len(images[name]) for name in names)
    for sample in (dataset[i] for i in range(0, len(dataset), 5)):
        data_sample = sample["data_samples"]
        case, index = data_sample.patient_id, data_sample.slice_index
        np.testing.assert_array_equal(sample["ndct"][0].numpy(), images[case][index])
        boxes = data_sample.gt_instances.bboxes.tensor.numpy()
        rows, columns = np.nonzero(masks[case][index])
        assert (len(boxes) > 0) == (len(rows) > 0)
        if len(boxes):
            corners = (*boxes[:, :2].min(axis=0), *boxes[:, 2:].max(axis=0))
            expected = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
            np.testing.assert_allclose(corners, expected)
