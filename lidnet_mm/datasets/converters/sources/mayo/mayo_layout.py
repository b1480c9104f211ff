"""Which files of the Mayo Clinic's two collections are images of full and of low dose."""

import re
from dataclasses import dataclass
from pathlib import Path

FULL, LOW = "full", "low"

NAME_2016 = re.compile(
    r"(?P<patient>[A-Z]\d+)_(?P<dose>FD|QD)_(?P<reconstruction>\w+)\.CT\.\d{4}\.(?P<slice>\d{4})\..*",
    re.IGNORECASE,
)
"""``L143_FD_3_1.CT.0001.0019.2015...IMA``: full dose (FD) or a quarter of it (QD), thickness in mm
and kernel, number of the series (which differs between the doses), number of the slice."""

FOLDER_TCIA = re.compile(r".*\b(?P<dose>Full|Low)[ _]Dose[ _]Images\b.*", re.IGNORECASE)
"""``1.000000-Full Dose Images-12345``."""

PROJECTIONS = re.compile(r"projections\b", re.IGNORECASE)


@dataclass(frozen=True)
class DoseImage:
    """What the path of a file says of it.

    Attributes:
        dose: ``FULL`` or ``LOW``.
        patient: Name of the patient; empty where the header has it.
        reconstruction: Tells reconstructions of one scan apart; empty where there is one.
        number: Number of the slice, by which its partner is found; None: by its position.
    """

    dose: str
    patient: str = ""
    reconstruction: str = ""
    number: int | None = None


def dose_image(path: Path) -> DoseImage | None:
    """Tell what a file is by its path, in either layout; None where it says nothing of a dose."""
    match = NAME_2016.fullmatch(path.name)
    if match:
        return DoseImage(
            dose=FULL if match["dose"].upper() == "FD" else LOW,
            patient=match["patient"].upper(),
            reconstruction=match["reconstruction"].upper(),
            number=int(match["slice"]),
        )
    match = FOLDER_TCIA.fullmatch(path.parent.name)
    return DoseImage(FULL if match["dose"].lower() == "full" else LOW) if match else None


def is_projection(path: Path) -> bool:
    """Whether a file is raw data by its folder's name; there are far more of them than images."""
    return bool(PROJECTIONS.search(path.parent.name))
