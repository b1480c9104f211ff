"""Fixtures: a small converted data set, and its LDCT sets."""

from collections.abc import Callable
from pathlib import Path

import pytest
from small_set import SHAPE, STORED, USED, disks, write_annotations

from lidnet_mm.datasets.offline_ldct import LDCTSet, setting_name
from lidnet_mm.datasets.transforms import SimulateLowDose
from lidnet_mm.datasets.transforms.low_dose_modes import Dose


@pytest.fixture
def converted(tmp_path, write_volume, coco_record) -> Path:
    """Root of the data set."""
    root = tmp_path / "data set"
    (root / "annotations").mkdir(parents=True)
    for part, patients in USED.items():
        images = []
        for number, (patient, slices) in enumerate(patients.items()):
            name = f"volumes/{patient}.nii.gz"
            write_volume(
                disks(int(patient[-1])), f"data set/{name}", STORED[patient], (5.0, 3.0, 3.0)
            )
            images += [
                coco_record(
                    index,
                    SHAPE[1:],
                    id=10 * number + index + 1,
                    file_name=name,
                    patient_id=patient,
                    spacing=[3.0, 3.0],
                    slice_thickness=5.0,
                )
                for index in slices
            ]
        write_annotations(root / "annotations" / f"{part}.json", images)
    return root


@pytest.fixture
def make_set(converted) -> Callable[..., LDCTSet]:
    """Function that gives an LDCT set of the data set."""

    def make(out=None, store="float32", root=converted, **settings) -> LDCTSet:
        settings = settings or {"incident_photons": 1e5, "num_views": 48}
        simulate = SimulateLowDose(**settings)
        name = setting_name(Dose(incident_photons=settings.get("incident_photons", 1.0)))
        return LDCTSet(root, out, simulate, name, store)

    return make
