"""CT series in all the ways in which DICOM stores them, as PyDICOM and GDCM write them."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from dicom_files import ORIGIN, SYNTAXES, compress, save_dicom
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
)

TILT = np.deg2rad(15)
SHAPE = (5, 20, 26)

Truth = np.ndarray


def body() -> Truth:
    """HU with air, tissue, bone and metal, no two slices alike."""
    generator = np.random.default_rng(4)
    hu = generator.normal(-1000, 10, SHAPE)
    hu[:, 4:, :] = generator.normal(30, 40, (SHAPE[0], SHAPE[1] - 4, SHAPE[2]))
    hu[:, 9, 3:20] = generator.uniform(300, 3071, (SHAPE[0], 17))
    return np.rint(hu).clip(-1024, 3071).astype(np.int16)


def stored(dataset: Dataset, values: np.ndarray, bits: int = 16, **elements: object) -> None:
    """Replace the pixels."""
    signed = values.dtype.kind == "i"
    dataset.BitsStored, dataset.HighBit = bits, bits - 1
    dataset.PixelRepresentation = int(signed)
    dataset.PixelData = (values.astype(np.int64) & ((1 << bits) - 1)).astype("<u2").tobytes()
    for keyword, value in elements.items():
        setattr(dataset, keyword, value)


def _signed(_: int, dataset: Dataset, hu: Truth) -> None:
    stored(dataset, hu, RescaleIntercept=0)


def _slope(_: int, dataset: Dataset, hu: Truth) -> None:
    stored(dataset, ((hu + 1024) / 2.5).astype(np.uint16), RescaleSlope=2.5)


def _bits_12(_: int, dataset: Dataset, hu: Truth) -> None:
    stored(dataset, (hu + 1024).astype(np.uint16), 12)


def _bits_13(_: int, dataset: Dataset, hu: Truth) -> None:
    stored(dataset, hu, 13, RescaleIntercept=0)


def _monochrome1(_: int, dataset: Dataset, hu: Truth) -> None:
    dataset.PhotometricInterpretation = "MONOCHROME1"


def _padding(_: int, dataset: Dataset, hu: Truth) -> None:
    hu = hu.copy()
    hu[:3, :5] = -2000
    stored(dataset, hu, RescaleIntercept=0)
    dataset.add_new("PixelPaddingValue", "US", 63536)


def _padding_range(_: int, dataset: Dataset, hu: Truth) -> None:
    hu = hu.copy()
    hu[:3, :5] = -np.arange(2000, 2015).reshape(3, 5)
    stored(dataset, hu, RescaleIntercept=0)
    dataset.add_new("PixelPaddingValue", "SS", -2014)
    dataset.add_new("PixelPaddingRangeLimit", "SS", -2000)


def _padding_at_the_top(_: int, dataset: Dataset, hu: Truth) -> None:
    values = (hu + 1024).clip(0, 4094).astype(np.uint16)
    values[12, 5:10] = 4092, 4093, 4094, 4094, 4094
    values[:3, :5] = 4095
    stored(dataset, values, 12)
    dataset.add_new("PixelPaddingValue", "US", 4095)


def _no_change(_: int, dataset: Dataset, hu: Truth) -> None:
    pass


def _big_endian(_: int, dataset: Dataset, hu: Truth) -> None:
    dataset.PixelData = np.frombuffer(dataset.PixelData, "<u2").astype(">u2").tobytes()


def _tilted(index: int, dataset: Dataset, hu: Truth) -> None:
    """A tilted gantry: the stack runs along the table, not along the normal."""
    dataset.ImageOrientationPatient = [1, 0, 0, 0, float(np.cos(TILT)), float(-np.sin(TILT))]


def _oblique(index: int, dataset: Dataset, hu: Truth) -> None:
    down = np.array([0, np.cos(TILT), np.sin(TILT)])
    place = np.array(ORIGIN) + 3.0 * index * np.cross([1, 0, 0], down)
    dataset.ImageOrientationPatient = [1, 0, 0, *map(float, down)]
    dataset.ImagePositionPatient = [round(float(value), 6) for value in place]


CHANGES: dict[str, Callable[[int, Dataset, Truth], None]] = {
    "unsigned": _no_change,
    "signed": _signed,
    "slope 2.5": _slope,
    "12 bits": _bits_12,
    "signed 13 bits": _bits_13,
    "MONOCHROME1": _monochrome1,
    "padding 63536": _padding,
    "padding range": _padding_range,
    "padding at the top": _padding_at_the_top,
    "big endian": _big_endian,
    "implicit": _no_change,
    "deflated": _no_change,
    "tilted": _tilted,
    "oblique": _oblique,
    **dict.fromkeys(("HFP", "FFS", "FFP", "turned", "reversed", "missing"), _no_change),
    **dict.fromkeys(SYNTAXES, _no_change),
}
"""What a source has that others have not."""

ENCODINGS = {
    "big endian": ExplicitVRBigEndian,
    "implicit": ImplicitVRLittleEndian,
    "deflated": DeflatedExplicitVRLittleEndian,
}
"""Transfer syntaxes that are not explicit little endian, uncompressed."""

HEIGHTS = {
    "reversed": [ORIGIN[2] - 3.0 * index for index in range(SHAPE[0])],
    "missing": [ORIGIN[2] + height for height in (0.0, 3.0, 9.0, 12.0, 18.0)],
}

UIDS = "1.2.826.0.1.3680043.8.498.1"


def write_source(write_series: Callable[..., Path], name: str) -> Path:
    """Write a series of :data:`CHANGES`, complete enough for any archive; its folder."""
    hu = body()

    def change(index: int, dataset: Dataset) -> None:
        dataset.SOPInstanceUID = f"{UIDS}.{index + 1}"
        dataset.StudyInstanceUID, dataset.FrameOfReferenceUID = f"{UIDS}.7", f"{UIDS}.8"
        dataset.PatientName = dataset.ReferringPhysicianName = (
            dataset.PositionReferenceIndicator
        ) = ""
        dataset.PatientBirthDate = dataset.PatientSex = dataset.AccessionNumber = ""
        dataset.StudyDate, dataset.StudyTime, dataset.StudyID = "20200304", "101112", "7"
        dataset.BodyPartExamined = "CHEST"
        dataset.Manufacturer, dataset.KVP, dataset.AcquisitionNumber = "maker", 120, 1
        dataset.SeriesNumber, dataset.WindowCenter, dataset.WindowWidth = 3, 40, 400
        dataset.PatientPosition = name if name in ("HFP", "FFS", "FFP") else "HFS"
        CHANGES[name](index, dataset, hu[index])

    folder = write_series(
        hu,
        orientation=name if name in ("HFP", "FFS", "FFP", "turned") else "HFS",
        heights=HEIGHTS.get(name),
        change=change,
        series=f"{UIDS}.9",
        **({"syntax": ENCODINGS[name]} if name in ENCODINGS else {}),
    )
    if name in SYNTAXES:
        compress(folder, name)
    return folder


def write_wide(folder: Path, write_series: Callable[..., Path], kind: str) -> Path:
    """Write a series whose pixels have 32 bits: whole numbers or floats."""
    hu = body()
    source = write_source(write_series, "unsigned")
    for path in sorted(source.iterdir()):
        dataset = dcmread(path)
        index = int(dataset.SOPInstanceUID.rpartition(".")[2]) - 1
        dataset.BitsAllocated = dataset.BitsStored = 32
        dataset.HighBit, dataset.RescaleIntercept = 31, 0
        dataset.PixelRepresentation = 1
        if kind == "float":
            del dataset.PixelData, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation
            dataset.FloatPixelData = (hu[index] + np.float32(0.25)).astype("<f4").tobytes()
        else:
            dataset.PixelData = hu[index].astype("<i4").tobytes()
        save_dicom(dataset, folder / path.name)
    return folder


def images_by_place(folder: Path) -> dict[tuple[float, ...], tuple[Dataset, np.ndarray]]:
    """Header and stored pixels of each image or frame, by its position to 0.1 µm."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or ".lidnet_mm" in path.parts:
            continue
        dataset = dcmread(path)
        if dataset.get("Modality") != "CT":
            continue
        frames = dataset.get("PerFrameFunctionalGroupsSequence")
        pixels = dataset.pixel_array
        for frame, group in enumerate(frames or [None]):
            place = group.PlanePositionSequence[0] if frames else dataset
            position = tuple(round(float(value), 4) for value in place.ImagePositionPatient)
            assert position not in found
            found[position] = (dataset, pixels[frame] if frames else pixels)
    return found
