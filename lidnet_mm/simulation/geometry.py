"""Scan geometries: where the rays of every view run, and where a pixel falls on the detector.

Coordinates are in mm with the origin at the centre of the slice: x grows with the column, y with
the row. A ray is the line ``x cos(phi) + y sin(phi) = s``. View angles sit half a step off zero,
``(m + 1/2) * step``, so that a quarter turn or a mirroring of the slice maps the views of a scan
onto each other; the projector then needs the interpolation tables of a few views only.
"""

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from .arguments import positive
from .symmetry import ViewSymmetry

SOURCE_DISTANCE = 595.0
"""Default distance from the focal spot to the isocentre in mm, typical of clinical scanners."""


@dataclass(frozen=True)
class ParallelBeam:
    """Parallel rays; views spread evenly over 180 degrees.

    Attributes:
        num_views: number M of views over 180 degrees, at least 1.
        num_detectors: number of detector channels, at least 2.
        detector_pitch: distance of neighbouring channels in mm, above 0.
        half_turn_reverses: a slice turned by half is seen by the same views, channels reversed.

    Raises:
        ValueError: if one of them is out of its range.
    """

    num_views: int
    num_detectors: int
    detector_pitch: float
    half_turn_reverses: ClassVar[bool] = True

    def __post_init__(self) -> None:
        _check_counts(self.num_views, self.num_detectors)
        positive("detector_pitch", self.detector_pitch, "mm")

    @classmethod
    def covering(cls, size: int, pixel_spacing: float, num_views: int = 720) -> "ParallelBeam":
        """Detector with the pitch of the pixels, wide enough for a slice of `size` pixels squared.

        Args:
            size: side of the slice in pixels.
            pixel_spacing: side of a pixel in mm.
            num_views: views over 180 degrees.
        """
        positive("pixel_spacing", pixel_spacing, "mm")
        return cls(num_views, 2 * math.ceil(math.sqrt(0.5) * size) + 2, pixel_spacing)

    @property
    def view_step(self) -> float:
        """Angle between two views in radians, pi / M."""
        return math.pi / self.num_views

    @property
    def radius(self) -> float:
        """Radius in mm of the disk that every view sees whole."""
        return self.detector_pitch * (self.num_detectors - 1) / 2

    def rays(self, views: Tensor) -> tuple[Tensor, Tensor]:
        """Normal angles phi and signed distances s in mm of all rays of some views.

        Args:
            views: indices (V,) of views, on the CPU.

        Returns:
            phi (V, 1) in radians and s (1, D) in mm; the two broadcast to (V, D).
        """
        return _angles(self, views)[:, None], _channels(self)[None].to(
            views.device
        ) * self.detector_pitch

    def locate(self, x: Tensor, y: Tensor, views: Tensor) -> tuple[Tensor, None]:
        """Channel, as a real number, on which each pixel falls in each view.

        Args:
            x: positions (W,) of the columns in mm.
            y: positions (H,) of the rows in mm.
            views: indices (V,) of views, on the CPU.

        Returns:
            Channels (H, W, V), and no distance weight: a parallel beam has none.
        """
        angle = _angles(self, views)
        row = torch.outer(y, (angle.sin() / self.detector_pitch).to(y))
        row += (self.num_detectors - 1) / 2
        step = (angle.cos() / self.detector_pitch).to(x)
        return torch.addcmul(row[:, None], x[:, None], step), None

    def symmetries(self) -> list[ViewSymmetry]:
        """Copies of the slice that share the tables of the first views.

        Four when M is a multiple of 4 (views theta, 90+theta, 180-theta, 90-theta), else one.
        """
        count = self.num_views
        if count % 4:
            return [ViewSymmetry(0, False, torch.arange(count), False)]
        base = torch.arange(count // 4)
        return [
            ViewSymmetry(0, False, base, False),
            ViewSymmetry(1, False, base + count // 2, False),
            ViewSymmetry(0, True, count - 1 - base, False),
            ViewSymmetry(3, True, count // 2 - 1 - base, False),
        ]


@dataclass(frozen=True)
class FanBeam:
    """A point source turning 360 degrees, with an equiangular detector arc.

    Attributes:
        num_views: number of views over 360 degrees, at least 1.
        num_detectors: number of detector channels, at least 2.
        detector_pitch: distance of neighbouring rays at the isocentre in mm, above 0; the angle
            between them is ``detector_pitch / source_distance``.
        source_distance: distance from the source to the isocentre in mm, above 0.
        half_turn_reverses: false; a slice turned by half is seen by the views of the other side.

    Raises:
        ValueError: if one of them is out of its range, or the fan opens 180 degrees or more.
    """

    num_views: int
    num_detectors: int
    detector_pitch: float
    source_distance: float = SOURCE_DISTANCE
    half_turn_reverses: ClassVar[bool] = False

    def __post_init__(self) -> None:
        _check_counts(self.num_views, self.num_detectors)
        positive("detector_pitch", self.detector_pitch, "mm")
        positive("source_distance", self.source_distance, "mm")
        if self.channel_angle * (self.num_detectors - 1) >= math.pi:
            raise ValueError(
                f"a fan of {self.num_detectors} channels of {self.detector_pitch} mm at "
                f"{self.source_distance} mm opens 180 degrees or more: use fewer channels or a "
                "longer source_distance"
            )

    @classmethod
    def covering(
        cls,
        size: int,
        pixel_spacing: float,
        num_views: int = 720,
        source_distance: float = SOURCE_DISTANCE,
    ) -> "FanBeam":
        """Fan with the pitch of the pixels at the isocentre, wide enough for a square slice.

        Args:
            size: side of the slice in pixels.
            pixel_spacing: side of a pixel in mm.
            num_views: views over 360 degrees.
            source_distance: from source to isocentre in mm, beyond the corners of the slice.

        Raises:
            ValueError: if the slice reaches to the source.
        """
        positive("pixel_spacing", pixel_spacing, "mm")
        positive("source_distance", source_distance, "mm")
        radius = math.sqrt(0.5) * size * pixel_spacing
        if radius >= 0.95 * source_distance:
            raise ValueError(
                f"a slice of {size} pixels of {pixel_spacing} mm reaches {radius:.0f} mm from the "
                f"isocentre, too near to the source at {source_distance} mm: crop the slice, "
                "correct its spacing, or set a longer source_distance"
            )
        half_fan = math.asin(radius / source_distance)
        channels = 2 * math.ceil(half_fan * source_distance / pixel_spacing) + 3
        return cls(num_views, channels, pixel_spacing, source_distance)

    @property
    def view_step(self) -> float:
        """Angle between two views in radians, 2 pi / M."""
        return 2 * math.pi / self.num_views

    @property
    def channel_angle(self) -> float:
        """Angle between two neighbouring rays in radians."""
        return self.detector_pitch / self.source_distance

    @property
    def radius(self) -> float:
        """Radius in mm of the disk that every view sees whole."""
        return self.source_distance * math.sin(self.channel_angle * (self.num_detectors - 1) / 2)

    @property
    def fan_angles(self) -> Tensor:
        """Angle gamma (D,) of each channel's ray from the central ray, in radians, float64."""
        return _channels(self) * self.channel_angle

    def rays(self, views: Tensor) -> tuple[Tensor, Tensor]:
        """Normal angles phi and signed distances s in mm of all rays of some views.

        Args:
            views: indices (V,) of views, on the CPU.

        Returns:
            phi (V, D) in radians and s (1, D) in mm; the two broadcast to (V, D).
        """
        gamma = self.fan_angles[None]
        return _angles(self, views)[:, None] + gamma, self.source_distance * gamma.sin()

    def locate(self, x: Tensor, y: Tensor, views: Tensor) -> tuple[Tensor, Tensor]:
        """Channel, as a real number, on which each pixel falls in each view, and its weight.

        Args:
            x: positions (W,) of the columns in mm.
            y: positions (H,) of the rows in mm.
            views: indices (V,) of views, on the CPU.

        Returns:
            Channels (H, W, V) and weights ``1 / L^2`` (H, W, V) in 1/mm^2, L the distance of the
            pixel from the source (Kak and Slaney, section 3.4.1).
        """
        angle = _angles(self, views)
        cosine, sine = angle.cos().to(x), angle.sin().to(x)
        across = torch.addcmul(torch.outer(y, sine)[:, None], x[:, None], cosine)
        along = torch.addcmul(
            self.source_distance - torch.outer(y, cosine)[:, None], x[:, None], sine
        )
        channel = torch.atan2(across, along).div_(self.channel_angle)
        weight = across.square_().addcmul_(along, along).reciprocal_()
        return channel.add_((self.num_detectors - 1) / 2), weight

    def symmetries(self) -> list[ViewSymmetry]:
        """Copies of the slice that share the tables of the first views.

        Eight when M is a multiple of 8 (four quarter turns, each also mirrored), four when it is
        one of 4 (the turns alone), else one.
        """
        count = self.num_views
        if count % 4:
            return [ViewSymmetry(0, False, torch.arange(count), False)]
        base = torch.arange(count // 8 if count % 8 == 0 else count // 4)
        turns = [k * count // 4 for k in range(4)]
        plain = [ViewSymmetry(k, False, base + turn, False) for k, turn in enumerate(turns)]
        if count % 8:
            return plain
        mirrored = [
            ViewSymmetry(k, True, (turn - 1 - base) % count, True) for k, turn in enumerate(turns)
        ]
        return plain + mirrored


Geometry = ParallelBeam | FanBeam


def _angles(geometry: Geometry, views: Tensor) -> Tensor:
    """Angles (V,) of views in radians, float64."""
    return (views.double() + 0.5) * geometry.view_step


def _channels(geometry: Geometry) -> Tensor:
    """Channel numbers (D,) counted from the centre of the detector."""
    count = geometry.num_detectors
    return torch.arange(count, dtype=torch.float64) - (count - 1) / 2


def _check_counts(num_views: int, num_detectors: int) -> None:
    if num_views < 1:
        raise ValueError(f"num_views is {num_views}: set at least 1, as 720")
    if num_detectors < 2:
        raise ValueError(f"num_detectors is {num_detectors}: set at least 2")
