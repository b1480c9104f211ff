"""What paths of the Mayo Clinic's files say."""

from pathlib import Path

import pytest

from lidnet_mm.datasets.converters.sources.mayo.mayo_layout import (
    FULL,
    LOW,
    DoseImage,
    dose_image,
    is_projection,
)

DATE = "2015.12.22.20.45.42.541197.358793241.IMA"
TCIA = "LDCT-and-Projection-data/L004/08-21-2018-84608"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (f"L506/full_3mm/L506_FD_3_1.CT.0001.0105.{DATE}", DoseImage(FULL, "L506", "3_1", 105)),
        (f"full_1mm/l506_qd_1_sharp_1.ct.0003.0007.{DATE}", DoseImage(LOW, "L506", "1_SHARP_1", 7)),
        (f"{TCIA}/1.000000-Full dose images-59704/1-001.dcm", DoseImage(FULL)),
        (f"{TCIA}/1.000000-Low Dose Images-71581/1-001.dcm", DoseImage(LOW)),
        (f"{TCIA}/1.000000-Full dose projections-24362/1-001.dcm", None),
        (f"{TCIA}/1.000000-Full Dose Images-1/masks/1-001.dcm", None),
        ("L506/full_3mm/L506_XX_3_1.CT.0001.0105.IMA", None),
    ],
)
def test_dose_patient_and_number(path, expected):
    assert dose_image(Path(path)) == expected


def test_projections_are_told_by_their_folder():
    assert is_projection(Path(TCIA, "1.000000-Full dose projections-24362", "1-001.dcm"))
    assert not is_projection(Path(TCIA, "1.000000-Full Dose Images-1", "projections.dcm"))
