"""Drawing of CT slices in HU: windowed, with boxes, never through 8-bit image readers."""

from lidnet_mm.visualization.slice_figure import Detections, SlicePanel, panels_png, slice_png
from lidnet_mm.visualization.windowing import apply_window

__all__ = [
    "Detections",
    "SlicePanel",
    "apply_window",
    "panels_png",
    "slice_png",
]
