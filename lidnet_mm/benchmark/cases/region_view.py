"""Regions along a training, for a page."""

import base64
import io
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from PIL import Image

from lidnet_mm.benchmark.public_text import PublicNames
from lidnet_mm.evaluation.box_overlap import box_overlap
from lidnet_mm.evaluation.region_track import RegionTrack
from lidnet_mm.visualization.binning import binned
from lidnet_mm.visualization.windowing import apply_window

LONGEST = 384
"""Most pixels of a picture's side."""


def region_views(
    tracks: Iterable[RegionTrack], window: Sequence[float], names: PublicNames
) -> list[dict[str, Any]]:
    """What the template shows of each track.

    Args:
        tracks (Iterable[RegionTrack]): The tracks; empty ones are left out.
        window (Sequence[float]): HU limits of the pictures.
        names (PublicNames): Names of slices of the report.

    Returns:
        list[dict[str, Any]]: One a track.
    """
    return [_view(track, window, names) for track in tracks if track.iterations]


def _view(track: RegionTrack, window: Sequence[float], names: PublicNames) -> dict[str, Any]:
    """A track with its picture."""
    truth = np.reshape(track.ground_truth, (-1, 4))
    return {
        "name": names(track.name),
        "label": track.label,
        "shape": track.image.shape,
        "source": _picture(track.image, window),
        "truth": _rounded(truth),
        "entries": [
            {
                "iteration": iteration,
                "boxes": _rounded(boxes),
                "words": _words(iteration, boxes, truth),
            }
            for iteration, boxes in zip(track.iterations, track.regions, strict=True)
        ],
    }


def _words(iteration: int, boxes: np.ndarray, truth: np.ndarray) -> str:
    """The regions in words."""
    best = float(box_overlap(boxes, truth).max(initial=0.0)) if len(truth) else 0.0
    return f"{iteration:,}: {len(boxes)} regions, best IoU with a lesion {best:.2f}"


def _picture(image: np.ndarray, window: Sequence[float]) -> str:
    """The slice as a data URI."""
    small = binned(image, -(-max(image.shape) // LONGEST))
    buffer = io.BytesIO()
    Image.fromarray(apply_window(small, window)).save(buffer, "WEBP", quality=90)
    return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def _rounded(boxes: np.ndarray) -> list[list[float]]:
    """Boxes for the page."""
    return np.round(np.asarray(boxes, dtype=np.float64), 1).tolist()
