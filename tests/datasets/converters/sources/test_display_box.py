"""Boxes turned as slices are read: compared with the pixels themselves."""

import numpy as np
import pytest

from lidnet_mm.datasets.converters.lesion_boxes import LesionBox
from lidnet_mm.datasets.converters.sources.display_box import display_box
from lidnet_mm.datasets.readers import DicomVolume

ORIENTATIONS = {
    "supine": (1, 0, 0, 0, 1, 0),
    "prone": (-1, 0, 0, 0, -1, 0),
    "feet first": (-1, 0, 0, 0, 1, 0),
    "feet first, prone": (1, 0, 0, 0, -1, 0),
    "turned": (0, 1, 0, 1, 0, 0),
    "turned back": (0, -1, 0, -1, 0, 0),
    "quarter": (0, 1, 0, -1, 0, 0),
    "three quarters": (0, -1, 0, 1, 0, 0),
}


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_the_box_stays_around_its_pixels(tmp_path, write_ct, orientation):
    stored = np.full((20, 30), -900)
    stored[4:7, 11:19] = 300
    write_ct(tmp_path / "1.dcm", stored, orientation=ORIENTATIONS[orientation])
    volume = DicomVolume(tmp_path / "1.dcm")
    box = display_box(LesionBox(11, 4, 8, 3, 24), volume)
    shown = volume.read_slice(0)
    inside = shown[box.y : box.y + box.height, box.x : box.x + box.width]
    assert inside.shape == (box.height, box.width)
    assert (inside == 300).all() and (shown == 300).sum() == inside.size == 24
