"""Boxes of Pascal-VOC files."""

import numpy as np
import pytest

from lidnet_mm.datasets.converters.sources.outside_xml import AnnotationError
from lidnet_mm.datasets.converters.sources.voc.voc_boxes import CORNERS, read_voc

OBJECT = (
    "<object><name> A </name><bndbox><ymin>{1}</ymin><xmin>{0}</xmin>"
    "<xmax>{2}</xmax><ymax>{3}</ymax></bndbox></object>"
)


def written(tmp_path, *objects, size="<size><width>30</width><height>20</height></size>"):
    path = tmp_path / "1.2.3.xml"
    path.write_text(f"<annotation>{size}{''.join(objects)}</annotation>")
    return path


def test_classes_corners_and_the_size_of_the_image(tmp_path):
    found = read_voc(written(tmp_path, OBJECT.format(3, 5, 8, 6), OBJECT.format(1, 1, 2.5, 2)))
    assert found.shape == (20, 30)
    assert [each.name for each in found.objects] == ["A", "A"]
    assert [each.corners for each in found.objects] == [(3, 5, 8, 6), (1, 1, 2.5, 2)]


def test_a_file_without_size_or_objects(tmp_path):
    found = read_voc(written(tmp_path, size=""))
    assert (found.shape, found.objects) == (None, ())


def test_each_reading_gives_back_the_pixels_that_were_boxed(tmp_path):
    image = np.zeros((20, 30), bool)
    image[5:7, 3:9] = True  # rows 5 and 6, columns 3 to 8, from 0
    written_as = {"from-1": (4, 6, 9, 7), "from-0": (3, 5, 8, 6), "edges": (3, 5, 9, 7)}
    assert set(written_as) == set(CORNERS)
    for reading, corners in written_as.items():
        (one,) = read_voc(written(tmp_path, OBJECT.format(*corners))).objects
        box = one.box(reading)
        inside = np.zeros_like(image)
        inside[int(box.y) : int(box.y + box.height), int(box.x) : int(box.x + box.width)] = True
        assert (inside == image).all(), reading
        assert box.area == image.sum()


@pytest.mark.parametrize(
    "corners", [("", 5, 8, 6), ("nan", 5, 8, 6), ("x", 5, 8, 6), (9, 5, 8, 6), (3, 7, 8, 6)]
)
def test_corners_that_are_no_box_are_refused(tmp_path, corners):
    with pytest.raises(AnnotationError, match=r"1\.2\.3\.xml \(xmin=.*no four numbers in order"):
        read_voc(written(tmp_path, OBJECT.format(*corners)))


def test_another_kind_of_xml_is_refused(tmp_path):
    path = tmp_path / "other.xml"
    path.write_text("<LidcReadMessage/>")
    with pytest.raises(AnnotationError, match=r"<LidcReadMessage>.*no Pascal-VOC"):
        read_voc(path)
