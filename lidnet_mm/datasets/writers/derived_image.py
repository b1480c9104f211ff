"""The header of a CT image that is derived from another one (DICOM PS3.3, A.3 and C.7.6.1)."""

import copy
import re

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.multival import MultiValue
from pydicom.sequence import Sequence
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

from lidnet_mm.datasets.readers.dicom_scale import StoredType
from lidnet_mm.datasets.writers.derived_uid import derived_uid
from lidnet_mm.datasets.writers.header_copy import header_copy
from lidnet_mm.datasets.writers.volume_writer import Derivation

DESCRIBE_OLD_PIXELS = (
    "SmallestPixelValueInSeries",
    "LargestPixelValueInSeries",
    "IconImageSequence",
    "PixelDataProviderURL",
    "ImageComments",
    "DigitalSignaturesSequence",
    "MACParametersSequence",
    "OriginalAttributesSequence",
    "InstanceCreationDate",
    "InstanceCreationTime",
    "InstanceCreatorUID",
    "StorageMediaFileSetUID",
    "DataSetTrailingPadding",
    "NumberOfFrames",
    "ExtendedOffsetTable",
    "ExtendedOffsetTableLengths",
)
"""Of the source's object or its pixels, and not of the new ones."""

MULTI_FRAME = (
    "SharedFunctionalGroupsSequence",
    "PerFrameFunctionalGroupsSequence",
    "DimensionOrganizationSequence",
    "DimensionIndexSequence",
    "DimensionOrganizationType",
    "ConcatenationUID",
    "InConcatenationNumber",
    "InConcatenationTotalNumber",
    "RepresentativeFrameNumber",
    "FrameIncrementPointer",
    "PresentationLUTShape",
    "VolumetricProperties",
    "VolumeBasedCalculationTechnique",
    "PixelPresentation",
    "ContentQualification",
)
"""What only an object with several frames has."""

GROUPS_OF_A_FRAME = (
    "PlanePositionSequence",
    "PlaneOrientationSequence",
    "PixelMeasuresSequence",
    "PixelValueTransformationSequence",
    "FrameVOILUTSequence",
    "CTExposureSequence",
    "CTReconstructionSequence",
    "CTAcquisitionDetailsSequence",
    "CTXRayDetailsSequence",
)
"""Groups whose attributes single images state at the top."""

ATTRIBUTES_OF_AN_IMAGE = (
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "PixelSpacing",
    "SliceThickness",
    "SpacingBetweenSlices",
    "RescaleSlope",
    "RescaleIntercept",
    "RescaleType",
    "WindowCenter",
    "WindowWidth",
    "WindowCenterWidthExplanation",
    "VOILUTFunction",
    "ConvolutionKernel",
    "ReconstructionDiameter",
    "KVP",
    "GantryDetectorTilt",
    "TableHeight",
)
"""What a CT image states of those groups."""

TYPE_2 = (
    "AccessionNumber",
    "ReferringPhysicianName",
    "StudyID",
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "StudyDate",
    "StudyTime",
    "Manufacturer",
    "KVP",
    "AcquisitionNumber",
    "InstanceNumber",
    "PositionReferenceIndicator",
    "SliceThickness",
)
"""Attributes that a CT image has even where nobody knows them."""

LARGEST_BITS = 16
"""Of a pixel that is written."""

TEXT_LENGTH, LONG_TEXT_LENGTH = 64, 1024
"""Characters of a DICOM long string (LO) and short text (ST)."""

SERIES_NUMBER_STEP = 1000
"""Added to the source's series number."""

SOURCE_IMAGE = ("121322", "DCM", "Source image for image processing operation")
PROCESSING_EQUIPMENT = ("109102", "DCM", "Processing Equipment")
NOISE_REDUCTION = ("NOISE_REDUCTION", "99LIDNETMM", "Noise reduction")


def derived_header(
    source: Dataset, frame: int, *, series_uid: str, sop_uid: str, derivation: Derivation
) -> Dataset:
    """Header of the image derived from an image or a frame.

    Patient, study, frame of reference, acquisition, geometry, rescale, window and the history of
    lossy compression stay. Private attributes, and what describes the old pixels, go.

    Args:
        source: Header of the source.
        frame: Frame of a multi-frame object, from 0.
        series_uid: UID of the new series.
        sop_uid: UID of the new image.
        derivation: What was done.

    Returns:
        The header, without pixels.
    """
    image = header_copy(source)
    for name in DESCRIBE_OLD_PIXELS:
        _remove(image, name)
    if "PerFrameFunctionalGroupsSequence" in source:
        _single_image(image, source, frame)
    for name in TYPE_2:
        if name not in image:
            setattr(image, name, None)
    image.SOPClassUID = CTImageStorage
    image.SOPInstanceUID, image.SeriesInstanceUID = sop_uid, series_uid
    if not image.get("StudyInstanceUID"):
        image.StudyInstanceUID = derived_uid(series_uid, "study")
    _state_derivation(image, derivation)
    if source.get("SOPInstanceUID"):
        image.SourceImageSequence = Sequence([_reference(source, frame)])
    image.file_meta = FileMetaDataset()
    image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    image.file_meta.MediaStorageSOPClassUID = CTImageStorage
    image.file_meta.MediaStorageSOPInstanceUID = sop_uid
    return image


def put_pixels(
    image: Dataset, pixels: np.ndarray, bits: int, stored: StoredType | None = None
) -> None:
    """Put pixels into a header, uncompressed, and what describes them.

    Args:
        image: The header; changed.
        pixels: (Rows, Columns) integers.
        bits: Bits stored, at most 16.
        stored: Sign and padding of the source. Defaults to the sign of the pixels' type, and none.
    """
    signed = pixels.dtype.kind == "i" if stored is None else stored.signed
    low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
    pixels = np.clip(pixels, low, high)
    image.Rows, image.Columns = pixels.shape
    image.SamplesPerPixel = 1
    image.BitsAllocated, image.BitsStored, image.HighBit = LARGEST_BITS, bits, bits - 1
    image.PixelRepresentation = int(signed)
    vr = "SS" if signed else "US"
    for name, value in (("Smallest", pixels.min()), ("Largest", pixels.max())):
        image.add_new(f"{name}ImagePixelValue", vr, int(value))
    for name in ("PixelPaddingValue", "PixelPaddingRangeLimit"):
        value = image.get(name)
        _remove(image, name)
        if value not in (None, "") and stored is not None and stored.padding is not None:
            image.add_new(name, vr, stored.value(int(value)))
    image.add_new("PixelData", "OW", pixels.astype("<i2" if signed else "<u2").tobytes())


def in_whole_hu(image: Dataset) -> None:
    """State that the pixels are HU."""
    for name in ("FloatPixelData", "DoubleFloatPixelData", "PixelPaddingValue"):
        _remove(image, name)
    image.RescaleSlope, image.RescaleIntercept, image.RescaleType = 1, 0, "HU"


def code_item(value: str, scheme: str, meaning: str) -> Dataset:
    """An item of a code sequence."""
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item


def equipment_item(derivation: Derivation) -> Dataset:
    """What processed the images, an item of ContributingEquipmentSequence."""
    item = Dataset()
    item.PurposeOfReferenceCodeSequence = Sequence([code_item(*PROCESSING_EQUIPMENT)])
    item.Manufacturer = "lidnet_mm contributors"
    item.ManufacturerModelName = plain_text(f"lidnet_mm {derivation.model}")[:TEXT_LENGTH]
    item.SoftwareVersions = derivation.version
    item.ContributionDescription = plain_text(derivation.sentence)
    return item


def plain_text(text: str) -> str:
    """A text that any character set of DICOM holds, as one value: a backslash would part it."""
    return text.replace("\\", "/").encode("ascii", "replace").decode()


def _state_derivation(image: Dataset, derivation: Derivation) -> None:
    """Say in the header what was done."""
    kind = list(image.get("ImageType") or [])
    image.ImageType = ["DERIVED", "SECONDARY", "AXIAL", *kind[3:]]
    before = _stated(image, "SeriesDescription") or "CT"
    suffix = plain_text(f" denoised {derivation.model}")[: TEXT_LENGTH - 8]
    image.SeriesDescription = before[: TEXT_LENGTH - len(suffix)] + suffix
    number = re.match(r"\s*\d+", _stated(image, "SeriesNumber"))
    image.SeriesNumber = int(number[0] if number else 0) + SERIES_NUMBER_STEP
    earlier = _stated(image, "DerivationDescription")
    sentences = filter(None, (earlier, plain_text(derivation.sentence)))
    image.DerivationDescription = "; ".join(sentences)[:LONG_TEXT_LENGTH]
    codes = list(image.get("DerivationCodeSequence") or [])
    image.DerivationCodeSequence = Sequence([*codes, code_item(*NOISE_REDUCTION)])
    equipment = list(image.get("ContributingEquipmentSequence") or [])
    image.ContributingEquipmentSequence = Sequence([*equipment, equipment_item(derivation)])


def _stated(image: Dataset, name: str) -> str:
    """An attribute as one text, whatever its source made of it; empty where there is none."""
    value = image.get(name)
    values = value if isinstance(value, MultiValue) else [value]
    return " ".join(str(each) for each in values if each is not None)


def _reference(source: Dataset, frame: int) -> Dataset:
    """The source image, an item of SourceImageSequence."""
    item = Dataset()
    item.ReferencedSOPClassUID = source.get("SOPClassUID") or CTImageStorage
    item.ReferencedSOPInstanceUID = source.SOPInstanceUID
    if int(source.get("NumberOfFrames") or 1) > 1:
        item.ReferencedFrameNumber = frame + 1
    item.SpatialLocationsPreserved = "YES"
    item.PurposeOfReferenceCodeSequence = Sequence([code_item(*SOURCE_IMAGE)])
    return item


def _single_image(image: Dataset, source: Dataset, frame: int) -> None:
    """Bring what a frame's functional groups say to the top, and take the groups away."""
    shared = (source.get("SharedFunctionalGroupsSequence") or [Dataset()])[0]
    own = source.PerFrameFunctionalGroupsSequence[frame]
    for group in GROUPS_OF_A_FRAME:
        items = own.get(group) or shared.get(group) or []
        for name in ATTRIBUTES_OF_AN_IMAGE if items else ():
            if name in items[0]:
                image[name] = copy.deepcopy(items[0][name])
    for name in MULTI_FRAME:
        _remove(image, name)
    image.InstanceNumber = frame + 1


def _remove(image: Dataset, name: str) -> None:
    """Take an attribute out where it is."""
    if name in image:
        delattr(image, name)
