"""The header of a CT image from a volume that has no DICOM header."""

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

from lidnet_mm.datasets.readers import CTVolume
from lidnet_mm.datasets.writers.derived_image import (
    NOISE_REDUCTION,
    TEXT_LENGTH,
    TYPE_2,
    code_item,
    equipment_item,
    plain_text,
)
from lidnet_mm.datasets.writers.derived_uid import derived_uid
from lidnet_mm.datasets.writers.volume_writer import Derivation, WriteError

DECIMALS = 6
"""Of a length in mm; DICOM's decimal strings have 16 characters."""


def new_header(volume: CTVolume, index: int, series_uid: str, derivation: Derivation) -> Dataset:
    """Header of one slice, in whole HU, of a patient without name.

    Args:
        volume: The source.
        index: Slice, counted from 0 towards superior.
        series_uid: UID of the series; study and frame of reference follow from it.
        derivation: What was done.

    Returns:
        The header, without pixels.

    Raises:
        WriteError: The volume does not tell where its voxels lie.
    """
    if volume.affine is None:
        raise WriteError(
            f"{volume.path} does not tell where its voxels lie, which DICOM needs: choose another"
            " format, or convert it to a file that does"
        )
    image = Dataset()
    for name in (*TYPE_2, "Laterality"):
        setattr(image, name, None)
    image.SOPClassUID = CTImageStorage
    image.SOPInstanceUID = derived_uid(series_uid, f"image {index}")
    image.StudyInstanceUID = derived_uid(series_uid, "study")
    image.SeriesInstanceUID = series_uid
    image.FrameOfReferenceUID = derived_uid(series_uid, "frame of reference")
    image.Modality, image.PatientPosition = "CT", "HFS"
    image.ImageType = ["DERIVED", "SECONDARY", "AXIAL"]
    image.SeriesNumber, image.InstanceNumber = 1, index + 1
    image.SeriesDescription = plain_text(f"denoised {derivation.model}")[:TEXT_LENGTH]
    image.DerivationDescription = plain_text(derivation.sentence)
    image.DerivationCodeSequence = Sequence([code_item(*NOISE_REDUCTION)])
    image.ContributingEquipmentSequence = Sequence([equipment_item(derivation)])
    origin = volume.voxel_position(index, 0, 0)
    across, down = (volume.voxel_position(index, *step) - origin for step in ((0, 1), (1, 0)))
    image.PixelSpacing = [_text(np.linalg.norm(down)), _text(np.linalg.norm(across))]
    directions = (*across / np.linalg.norm(across), *down / np.linalg.norm(down))
    image.ImageOrientationPatient = [_text(value) for value in directions]
    image.ImagePositionPatient = [_text(value) for value in origin]
    if volume.slice_spacing is not None:
        image.SliceThickness = image.SpacingBetweenSlices = _text(volume.slice_spacing)
    image.PhotometricInterpretation = "MONOCHROME2"
    image.RescaleSlope, image.RescaleIntercept, image.RescaleType = 1, 0, "HU"
    image.WindowCenter, image.WindowWidth = 40, 400
    image.file_meta = FileMetaDataset()
    image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    image.file_meta.MediaStorageSOPClassUID = CTImageStorage
    image.file_meta.MediaStorageSOPInstanceUID = image.SOPInstanceUID
    return image


def _text(value: float) -> str:
    """A number as a decimal string of DICOM."""
    return f"{round(float(value), DECIMALS):.{DECIMALS}f}"[:16]
