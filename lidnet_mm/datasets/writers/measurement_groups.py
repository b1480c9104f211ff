"""What a DICOM structured report says of one lesion (TID 1410 and 1411) or of none (TID 1501)."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from highdicom.sr import (
    AlgorithmIdentification,
    CodedConcept,
    ImageRegion,
    Measurement,
    MeasurementsAndQualitativeEvaluations,
    PlanarROIMeasurementsAndQualitativeEvaluations,
    QualitativeEvaluation,
    SourceImageForRegion,
    TrackingIdentifier,
    VolumetricROIMeasurementsAndQualitativeEvaluations,
)
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes

from lidnet_mm.evaluation.lesions import Lesion, SliceBox

PRIVATE_SCHEME = "99LIDNETMM"
"""Coding scheme of class names for which none of SNOMED CT is known."""

KNOWN_FINDINGS = {"lesion": codes.SCT.Lesion, "nodule": codes.SCT.Nodule}
"""Class name in small letters to its code."""

LONGEST_CODE_VALUE, LONGEST_MEANING = 16, 64
"""Characters of the value representations SH and LO."""

ToStored = Callable[[float, float], tuple[float, float]]
"""Row and column in display order to those of the stored picture, counted from pixel centres."""


@dataclass(frozen=True)
class ReportAlgorithm:
    """What found the lesions.

    Attributes:
        name: Name of the model.
        version: Version of this package.
        weights: What has weights, such as ``denoiser``, to the SHA-256 of their file.
    """

    name: str
    version: str
    weights: Mapping[str, str] = field(default_factory=dict)

    def identification(self) -> AlgorithmIdentification:
        """TID 4019."""
        parameters = [f"SHA-256 of the {part}: {digest}" for part, digest in self.weights.items()]
        return AlgorithmIdentification(self.name, self.version, parameters or None)


@dataclass(frozen=True)
class ReportImages:
    """The images on which the boxes lie.

    Attributes:
        headers: The image of each slice, in display order; of a multi-frame image the same one.
        frame_numbers: Frame of each slice, from 1; None for single-frame images.
        to_stored: From the display order to that of the stored picture.
    """

    headers: Sequence[Dataset]
    frame_numbers: Sequence[int] | None
    to_stored: ToStored

    def region(self, box: SliceBox) -> ImageRegion:
        """A box as a closed line on its image.

        DICOM counts as boxes do: the first pixel reaches from 0 to 1 (PS3.3 C.18.6).
        """
        header = self.headers[box.slice_index]
        x1, y1, x2, y2 = box.box
        # Pixel centres are what ``to_stored`` takes: half a pixel less than the edges' coordinates.
        corners = [
            self.to_stored(y - 0.5, x - 0.5) for x, y in ((x1, y1), (x2, y1), (x2, y2), (x1, y2))
        ]
        points = np.array([(column + 0.5, row + 0.5) for row, column in (*corners, corners[0])])
        points = np.clip(points, 0, (int(header.Columns), int(header.Rows)))
        frames = None if self.frame_numbers is None else [self.frame_numbers[box.slice_index]]
        source = SourceImageForRegion(header.SOPClassUID, header.SOPInstanceUID, frames)
        return ImageRegion("POLYLINE", points, source)


def lesion_group(
    lesion: Lesion, number: int, uid: str, images: ReportImages, algorithm: ReportAlgorithm
) -> (
    PlanarROIMeasurementsAndQualitativeEvaluations
    | VolumetricROIMeasurementsAndQualitativeEvaluations
):
    """Describe a lesion: TID 1410 where it is on one slice, else TID 1411.

    The region of the key slice comes first, since some viewers show only one. The score is the
    "certainty of finding" in percent.

    Args:
        lesion: The lesion.
        number: Its number, from 1.
        uid: Tracking UID.
        images: On which it lies.
        algorithm: What found it.
    """
    measurements = [
        Measurement(codes.DCM.CertaintyOfFinding, round(100 * lesion.score, 4), codes.UCUM.Percent)
    ]
    if lesion.diameter_mm is not None:
        measurements.append(
            Measurement(codes.SCT.LongAxis, round(lesion.diameter_mm, 4), codes.UCUM.Millimeter)
        )
    others = [box for box in lesion.boxes if box is not lesion.key_box]
    regions = [images.region(box) for box in (lesion.key_box, *others)]
    common = {
        "tracking_identifier": TrackingIdentifier(uid, f"{lesion.label} {number}"),
        "finding_type": finding_code(lesion.label),
        "finding_category": codes.SCT.MorphologicallyAbnormalStructure,
        "geometric_purpose": codes.SCT.BoundedBy,
        "algorithm_id": algorithm.identification(),
        "measurements": measurements,
    }
    if len(regions) == 1:
        return PlanarROIMeasurementsAndQualitativeEvaluations(
            referenced_region=regions[0], **common
        )
    return VolumetricROIMeasurementsAndQualitativeEvaluations(referenced_regions=regions, **common)


def nothing_found_group(
    uid: str, algorithm: ReportAlgorithm
) -> MeasurementsAndQualitativeEvaluations:
    """Say that the images were searched and nothing was found: TID 1501.

    Args:
        uid: Tracking UID.
        algorithm: What searched.
    """
    return MeasurementsAndQualitativeEvaluations(
        tracking_identifier=TrackingIdentifier(uid, "no lesion"),
        algorithm_id=algorithm.identification(),
        qualitative_evaluations=[
            QualitativeEvaluation(
                codes.DCM.CADProcessingAndFindingsSummary,
                codes.DCM.AllAlgorithmsSucceededWithoutFindings,
            )
        ],
    )


def finding_code(label: str) -> CodedConcept:
    """Code of a class.

    Args:
        label: Name of the class.

    Returns:
        SNOMED CT for ``lesion`` and ``nodule``, else a private code whose meaning is the name.
    """
    known = KNOWN_FINDINGS.get(label.lower())
    if known is not None:
        return CodedConcept.from_code(known)
    # A backslash would part the value in two.
    meaning = " ".join(label.replace("\\", "/").split()) or "unnamed"
    value = meaning
    if len(value) > LONGEST_CODE_VALUE or not value.isascii():
        value = hashlib.sha256(label.encode()).hexdigest()[:LONGEST_CODE_VALUE]
    return CodedConcept(value, PRIVATE_SCHEME, meaning[:LONGEST_MEANING])
