"""Any combination of header values gives the HU that a reading by hand gives, or is refused."""

import shutil
import tempfile
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import (
    CTImageStorage,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    RLELossless,
    generate_uid,
)

from lidnet_mm.datasets.readers import DicomVolume, VolumeError

SIDE, SLICES = 16, 3
SYNTAXES = (
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    ExplicitVRBigEndian,
    DeflatedExplicitVRLittleEndian,
    RLELossless,
)
y, x = np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2
OUTSIDE = np.hypot(y, x) > SIDE / 2
ABSENT = ("RescaleSlope", "RescaleIntercept", "PixelSpacing", "ImagePositionPatient",
          "PixelRepresentation", "BitsStored", "HighBit", "PhotometricInterpretation",
          "SamplesPerPixel", "SOPInstanceUID", "SeriesInstanceUID", "SliceThickness")  # fmt: skip


@st.composite
def headers(draw):
    """How a series is stored: what a header may say in one of its many ways."""
    signed = draw(st.booleans())
    return {
        "bits": draw(st.sampled_from([13, 16] if signed else [12, 16])),
        "signed": signed,
        "slope": draw(st.sampled_from([1.0, 1.0, 2.0, 0.5])),
        "intercept": draw(st.sampled_from([0, -1024] if signed else [-1000, -1024, -8192])),
        "padding": draw(st.sampled_from([None, "word", "range"])),
        "padding_word": draw(st.sampled_from([0, -2000, 63536, -32768, 4095])),
        "as_signed": draw(st.booleans()),
        "photometric": draw(st.sampled_from(["MONOCHROME2", "MONOCHROME2", "MONOCHROME1"])),
        "junk": draw(st.booleans()),  # in bits above those stored
        "order": draw(st.permutations(range(SLICES))),
        "syntax": draw(st.sampled_from(SYNTAXES)),
        "bare": draw(st.booleans()),  # without preamble and meta group
        "absent": draw(st.sampled_from([None, None, *ABSENT])),
        "seed": draw(st.integers(0, 9)),
    }


def anatomy(seed: int) -> np.ndarray:
    """(S, H, W) HU: air, and a body of lung, soft tissue and bone."""
    rng = np.random.default_rng(seed)
    hu = np.full((SLICES, SIDE, SIDE), -1000)
    hu[:, 3:13, 3:13] = rng.integers(-110, 110, (SLICES, 10, 10))
    hu[:, 6:10, 5:8] = rng.integers(-900, -750, (SLICES, 4, 3))
    hu[:, 11, 6:9] = rng.integers(300, 700, (SLICES, 3))
    hu[:, :, 1] = rng.integers(-1040, -960, (SLICES, SIDE))
    return hu


def value_of(word: int, bits: int, signed: bool) -> int:
    """Value of a word by hand."""
    word %= 1 << bits
    return word - (1 << bits) if signed and word >= 1 << (bits - 1) else word


def expected(how: dict) -> tuple[np.ndarray, np.ndarray]:
    """Words to store, and the HU that they mean, by hand."""
    bits, signed = how["bits"], how["signed"]
    low, high = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if signed else (0, (1 << bits) - 1)
    values = np.rint((anatomy(how["seed"]) - how["intercept"]) / how["slope"]).astype(int)
    assume(values.min() >= low and values.max() <= high)
    hu = values * how["slope"] + how["intercept"]
    if how["padding"]:
        pad = value_of(how["padding_word"], bits, signed)
        values[:, OUTSIDE] = pad
        if how["padding"] == "range":
            other = value_of(how["padding_word"] + 1, bits, signed)
            assume(abs(other - pad) == 1)
            values[:, 0, :2] = other
        outside = values[:, OUTSIDE] * how["slope"] + how["intercept"]
        is_air = (outside >= -1050) & (outside <= -950)
        hu[:, OUTSIDE] = np.where(is_air, outside, -1000)
        # where the value is not only outside, it is padding unless tissue can have it
        stray = (values == pad) & ~OUTSIDE
        assume(not stray.any())
    return values & 0xFFFF if bits == 16 else _with_junk(values, how), hu


def _with_junk(values: np.ndarray, how: dict) -> np.ndarray:
    """Words whose unused bits are zeros, or anything."""
    words = values & ((1 << how["bits"]) - 1)
    return words | (0xFFFF << how["bits"] & 0xFFFF if how["junk"] else 0)


def write(folder: Path, how: dict, words: np.ndarray) -> None:
    """Write a series as told."""
    little = how["syntax"] != ExplicitVRBigEndian
    for index, height in enumerate(how["order"]):
        image = Dataset()
        image.file_meta = FileMetaDataset()
        image.file_meta.TransferSyntaxUID = how["syntax"]
        if how["syntax"] == RLELossless:
            image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        image.SOPClassUID = image.file_meta.MediaStorageSOPClassUID = CTImageStorage
        image.SOPInstanceUID = image.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        image.StudyInstanceUID, image.SeriesInstanceUID, image.Modality = "1.2", "1.2.3", "CT"
        image.PatientID, image.ImageType = "P", ["ORIGINAL", "PRIMARY", "AXIAL"]
        image.Rows = image.Columns = SIDE
        image.SamplesPerPixel, image.PhotometricInterpretation = 1, how["photometric"]
        image.BitsAllocated, image.BitsStored = 16, how["bits"]
        image.HighBit, image.PixelRepresentation = how["bits"] - 1, int(how["signed"])
        image.PixelSpacing, image.SliceThickness = [0.7, 0.8], 2.0
        image.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        image.ImagePositionPatient = [0, 0, 2.0 * height]
        image.RescaleSlope, image.RescaleIntercept = how["slope"], how["intercept"]
        if how["padding"]:
            pad = how["padding_word"] % 65536
            for keyword, word in (("PixelPaddingValue", pad), ("PixelPaddingRangeLimit", pad + 1)):
                signed = how["as_signed"]
                value = word - 65536 if signed and word >= 32768 else word
                image.add_new(keyword, "SS" if signed else "US", value)
                if how["padding"] == "word":
                    break
        image.PixelData = words[height].astype("<u2" if little else ">u2").tobytes()
        image["PixelData"].VR = "OW"
        if how["absent"]:
            delattr(image, how["absent"])
        if how["syntax"] == RLELossless:
            if how["absent"]:
                assume(how["absent"] not in ABSENT[4:9])  # PyDICOM does not compress such
            image.compress(RLELossless, generate_instance_uid=False)
        path = folder / f"{index}.dcm"
        if how["bare"] and how["syntax"] in SYNTAXES[:3]:
            implicit = how["syntax"] == ImplicitVRLittleEndian
            del image.file_meta
            image.save_as(path, implicit_vr=implicit, little_endian=little)
        else:
            image.save_as(path, implicit_vr=how["syntax"] == SYNTAXES[1], little_endian=little)


NEEDED = {"PixelSpacing", "ImagePositionPatient", "PixelRepresentation", "BitsStored"}


@settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
)
@given(how=headers())
def test_right_hu_or_a_refusal_by_name(how):
    words, hu = expected(how)
    folder = Path(tempfile.mkdtemp())
    try:
        write(folder, how, words)
        if how["absent"] in ("RescaleSlope", "RescaleIntercept"):
            slope = 1 if how["absent"] == "RescaleSlope" else how["slope"]
            intercept = 0 if how["absent"] == "RescaleIntercept" else how["intercept"]
            right = (slope, intercept) == (how["slope"], how["intercept"])
        else:
            right = how["absent"] not in NEEDED
        try:
            volume = DicomVolume(folder)
            found = np.stack([volume.read_slice(index) for index in range(SLICES)])
        except VolumeError as error:
            assert not right, error
            assert how["absent"] in str(error) and "damaged" not in str(error)
            return
        assert right
        np.testing.assert_allclose(found, hu, atol=1e-3)
        assert volume.spacing == (0.7, 0.8)
    finally:
        shutil.rmtree(folder)
