"""Cases with oblong pixels, resampled to square ones."""

import numpy as np
import pytest
import SimpleITK
from given_cases import ArrayVolume, box, case

from lidnet_mm.datasets.converters.conversion_error import ConversionError
from lidnet_mm.datasets.converters.source_case import CaseContent
from lidnet_mm.datasets.converters.square_pixels import SquarePixelVolume, with_square_pixels
from lidnet_mm.datasets.readers import open_volume


@pytest.mark.parametrize("spacing", [(2.5, 2.0, 1.0), (2.5, 0.6, 0.9), (2.5, 1.0, 0.64)])
def test_slices_and_places_are_those_of_an_independent_resampling(write_volume, spacing):
    rng = np.random.default_rng(0)
    smooth = rng.normal(0, 300, (3, 20, 30)).astype(np.float32)
    path = write_volume(smooth, spacing=spacing)
    volume, image = SquarePixelVolume(open_volume(path)), SimpleITK.ReadImage(str(path))
    side = min(spacing[1:])
    assert volume.spacing == pytest.approx((side, side))
    assert volume.slice_spacing == pytest.approx(2.5)
    grid = SimpleITK.ResampleImageFilter()
    grid.SetSize([*volume.slice_shape[::-1], 3])
    grid.SetOutputSpacing([side, side, 2.5])
    grid.SetOutputOrigin(volume.voxel_position(0, 0, 0).tolist())
    grid.SetInterpolator(SimpleITK.sitkLinear)
    grid.SetDefaultPixelValue(np.nan)
    expected = SimpleITK.GetArrayFromImage(grid.Execute(image))
    found = np.stack([volume.read_slice(index) for index in range(3)])
    inside = np.isfinite(expected)
    assert inside.mean() > 0.85  # beyond the centres of the outer pixels ITK has nothing
    np.testing.assert_allclose(found[inside], expected[inside], atol=0.05)
    edges = [image.GetOrigin()[a] - image.GetSpacing()[a] / 2 for a in range(2)]
    np.testing.assert_allclose(volume.voxel_position(0, 0, 0)[:2] - side / 2, edges, atol=1e-4)


def test_boxes_and_masks_stay_on_their_lesion():
    hu = np.full((2, 20, 30), -1000.0, np.float32)  # rows of 0.7 mm, columns of 0.9 mm
    hu[1, 5:11, 14:21] = 400
    mask = (hu > 0).astype(np.uint8)
    content = CaseContent(
        ArrayVolume(hu), {1: [box(14, 5, 7, 6)]}, ldct=ArrayVolume(hu), lesion_mask=mask
    )
    square = with_square_pixels(content)
    (found,) = square.boxes[1]
    assert (found.x, found.width) == pytest.approx((14 * 9 / 7, 9))
    assert (found.y, found.height, found.area) == pytest.approx((5, 6, 54))
    columns = np.flatnonzero((square.volume.read_slice(1) > -300).any(axis=0))
    assert (columns[0], columns[-1] + 1) == pytest.approx((found.x, found.x + found.width), abs=0.5)
    assert square.ldct.slice_shape == square.volume.slice_shape == (20, 39)
    rows, columns = np.nonzero(square.lesion_mask[1])
    assert (rows.min(), rows.max() + 1) == (5, 11)
    assert columns.min() == pytest.approx(found.x, abs=0.5)


def test_square_pixels_are_left_alone(write_volume, hu_volume):
    content = CaseContent(open_volume(write_volume(hu_volume())), {})
    assert with_square_pixels(content) is content


@pytest.mark.parametrize("store", ["nifti", "png"])
def test_a_conversion_resamples_on_request_and_warns_without(
    convert, written, warnings_logged, tmp_path, store
):
    convert(case("p1"), switches=["--store", store, "--square-pixels"])
    document = written("annotations/train.json")
    image = document["images"][1]
    assert image["spacing"] == pytest.approx([0.7, 0.7])
    assert (image["height"], image["width"]) == (20, 39)
    assert open_volume(tmp_path / "out" / image["file_name"]).slice_shape == (20, 39)
    assert document["annotations"][0]["bbox"] == pytest.approx([3 * 9 / 7, 4, 5 * 9 / 7, 6])
    assert document["info"]["converter"]["square_pixels"] is True
    assert not warnings_logged()
    convert(case("p1"), switches=["--overwrite"])
    assert "not square (0.7 mm between rows, 0.9 between columns)" in warnings_logged()
    assert "give --square-pixels" in warnings_logged()


def test_links_cannot_show_new_pixels(convert):
    with pytest.raises(ConversionError, match=r"--square-pixels makes new voxels.*nifti or png"):
        convert(case("p1"), switches=["--store", "link", "--square-pixels"])
