"""Scans by name: the ideal parallel and fan beam, and the geometries of clinical scanners.

The numbers of a scanner are those that public reconstruction code uses for its data, not a
manufacturer's statement. A scanner's quarter-channel offset and the movement of its flying focal
spot are left out: they sharpen an image, and the noise of a channel does not depend on them.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from .geometry import FanBeam, Geometry, ParallelBeam

ScannerName = Literal["siemens_definition_as", "siemens_definition_as_ffs", "ge_lightspeed_vct"]
GeometryName = Literal["parallel", "fan"] | ScannerName

DEFAULT_VIEWS = 720
"""Views of the ideal beams where none are stated."""


@dataclass(frozen=True)
class Scanner:
    """Fan-beam geometry of a clinical scanner, its detector an arc around the source.

    Attributes:
        source_distance: from the focal spot to the isocentre in mm.
        detector_distance: from the focal spot to the detector in mm.
        num_channels: number of detector channels of a row.
        channel_pitch: distance of neighbouring channels on the detector in mm.
        num_views: views over 360 degrees.
        source: where the numbers are from.
    """

    source_distance: float
    detector_distance: float
    num_channels: int
    channel_pitch: float
    num_views: int
    source: str

    @property
    def isocentre_pitch(self) -> float:
        """Distance of neighbouring rays at the isocentre in mm."""
        return self.channel_pitch * self.source_distance / self.detector_distance

    @property
    def field_of_view(self) -> float:
        """Diameter in mm of the disk that every view sees whole."""
        half_fan = self.channel_pitch / self.detector_distance * (self.num_channels - 1) / 2
        return 2 * self.source_distance * math.sin(half_fan)

    def covering(self, size: int, pixel_spacing: float) -> FanBeam:
        """The scanner's fan, with more channels where a square slice is larger than it sees.

        Added channels continue the arc at both ends. So a slice whose corners lie outside the
        field of view is simulated without truncation: air there adds next to no noise, a body is
        measured as if the detector were wider.

        Args:
            size: side of the slice in pixels.
            pixel_spacing: side of a pixel in mm.

        Raises:
            ValueError: if the slice reaches to the source.
        """
        distance = self.source_distance
        cover = FanBeam.covering(size, pixel_spacing, self.num_views, distance)
        half_fan = cover.channel_angle * (cover.num_detectors - 1) / 2
        needed = 2 * half_fan * distance / self.isocentre_pitch + 1
        added = max(0, math.ceil((needed - self.num_channels) / 2))
        channels = self.num_channels + 2 * added
        return FanBeam(self.num_views, channels, self.isocentre_pitch, distance)


_MAYO = (
    "DICOM-CT-PD headers of LDCT-and-Projection-data (McCollough et al. 2020, The Cancer Imaging "
    "Archive, DOI 10.7937/9NPB-2637), as public rebinning code for it has them (helix2fan, Wagner "
    "et al., ISBI 2023, and its descendants)"
)

SCANNERS: Mapping[str, Scanner] = MappingProxyType(
    {
        "siemens_definition_as": Scanner(595.0, 1085.6, 736, 1.2858393, 1152, _MAYO),
        "siemens_definition_as_ffs": Scanner(595.0, 1085.6, 736, 1.2858393, 2304, _MAYO),
        "ge_lightspeed_vct": Scanner(
            541.0,
            949.075,
            888,
            1.0239,
            984,
            "J. Wang et al., IEEE Trans. Med. Imaging 25 (2006) 1272, as the Michigan Image "
            "Reconstruction Toolbox has it (sino_geom 'ge1'); both distances also stand in the "
            "DICOM headers of LightSpeed and Discovery scanners",
        ),
    }
)
"""Scanners by name. The Siemens reads out 2304 views a turn with a flying focal spot (``_ffs``),
half as many without one."""


def scan_geometry(
    geometry: GeometryName | Geometry,
    size: int,
    pixel_spacing: float,
    num_views: int | None = None,
) -> Geometry:
    """Geometry given, or the one named that covers a square slice.

    Args:
        geometry: ``"parallel"``, ``"fan"``, the name of a scanner, or a geometry.
        size: side of the slice in pixels.
        pixel_spacing: side of a pixel in mm.
        num_views: number of views of ``"parallel"`` or ``"fan"``, 720 if None.

    Raises:
        ValueError: if the name is another, or views are given for a scanner.
    """
    if isinstance(geometry, ParallelBeam | FanBeam):
        return geometry
    if geometry in SCANNERS:
        scanner = SCANNERS[geometry]
        if num_views is not None:
            raise ValueError(
                f"num_views is {num_views}, but {geometry} has {scanner.num_views} views: leave it "
                "out, or set geometry to 'fan'"
            )
        return scanner.covering(size, pixel_spacing)
    named = {"parallel": ParallelBeam, "fan": FanBeam}
    if geometry not in named:
        raise ValueError(
            f"geometry is {geometry!r}: set 'parallel', 'fan', {', '.join(map(repr, SCANNERS))}, "
            "a ParallelBeam or a FanBeam"
        )
    return named[geometry].covering(
        size, pixel_spacing, DEFAULT_VIEWS if num_views is None else num_views
    )
