import logging

import numpy as np
import pytest
from ibsi_phantom import INSIDE, LEVELS, OTHER_AGGREGATIONS, REFERENCE

from lidnet_mm.evaluation.glcm_texture import GLCMTexture, box_slices, glcm_texture, is_flat


@pytest.mark.usefixtures("source")
def test_hand_counted_image():
    """Stripes 0 1 0 1: across them all pairs differ by one level, along them none does."""
    roi = np.tile([0.0, 30.0], (4, 2))
    texture = glcm_texture(roi, 25)
    # horizontally and on both diagonals p = [[0, 1/2], [1/2, 0]]; vertically [[1/2, 0], [0, 1/2]]
    assert texture.correlation == pytest.approx((3 * -1 + 1) / 4)
    assert texture.homogeneity == pytest.approx((3 * 0.5 + 1) / 4)
    assert texture.energy == pytest.approx(0.5)


@pytest.mark.usefixtures("source")
@pytest.mark.parametrize("bin_width", [10, 25, 60])
@pytest.mark.parametrize("shape", [(4, 4), (5, 9), (17, 12)])
def test_features_equal_an_independent_count(shape, bin_width, direct_texture):
    roi = np.random.default_rng(sum(shape)).normal(-30, 70, shape).round()
    expected = direct_texture(roi, bin_width)
    np.testing.assert_allclose(glcm_texture(roi, bin_width), expected, rtol=1e-9)


@pytest.mark.usefixtures("source")
@pytest.mark.parametrize("feature", GLCMTexture._fields)
def test_reference_values_of_the_digital_phantom(feature):
    """To all printed digits, which no other aggregation gives."""
    slices = [glcm_texture(*pair) for pair in zip(LEVELS, [1] * 4, INSIDE, strict=True)]
    found = np.mean([getattr(texture, feature) for texture in slices])
    assert f"{found:.3g}" == REFERENCE[feature]
    assert REFERENCE[feature] not in OTHER_AGGREGATIONS[feature]


@pytest.mark.usefixtures("source")
def test_direction_of_a_single_level():
    """A lone corner has no neighbour on one diagonal: all pairs there are of one level."""
    roi = np.zeros((4, 4))
    roi[0, 0] = 100
    # of 24 (and 18) entries one is corner-to-other: marginal q, covariance -q², variance q(1 - q)
    expected = (2 * -1 / 23 + -1 / 17 + 1) / 4
    assert glcm_texture(roi, 25).correlation == pytest.approx(expected)


@pytest.mark.usefixtures("source")
@pytest.mark.parametrize(
    "mask",
    [np.zeros((3, 3)), np.eye(1, 9, 4).reshape(3, 3), [[1, 0, 1], [0, 0, 0], [1, 0, 1]]],
    ids=["no pixel", "one pixel", "none side by side"],
)
def test_no_pair_of_neighbours(mask):
    roi = np.arange(9.0).reshape(3, 3) * 30
    with pytest.raises(ArithmeticError, match=r"no two of the \d pixels are neighbours"):
        glcm_texture(roi, 25, np.array(mask))


@pytest.mark.usefixtures("source")
def test_pixels_that_do_not_count_change_nothing():
    rng = np.random.default_rng(4)
    roi, mask = rng.normal(0, 60, (9, 7)), rng.random((9, 7)) < 0.6
    other = np.where(mask, roi, rng.normal(-3000, 60, roi.shape))
    other[~mask & (rng.random(roi.shape) < 0.3)] = np.nan
    assert np.isnan(other).any()
    assert glcm_texture(other, 25, mask) == glcm_texture(roi, 25, mask)


@pytest.mark.usefixtures("source")
def test_float32_rounding_at_a_bin_edge_changes_nothing(direct_texture):
    rng = np.random.default_rng(0)
    roi = rng.integers(-4, 5, (12, 12)) * 25.0
    rounded = roi + rng.choice([-1e-4, 1e-4], roi.shape)
    assert not np.allclose(direct_texture(rounded, 25), direct_texture(roi, 25))
    assert glcm_texture(rounded, 25) == glcm_texture(roi, 25)


def test_flat_means_one_bin():
    assert is_flat(np.array([[1.0, 24.0], [12.0, 3.0]]), 25)
    assert not is_flat(np.array([[1.0, 26.0], [12.0, 3.0]]), 25)
    assert is_flat(np.array([[-24.0, -1.0]]), 25)
    assert not is_flat(np.array([[-1.0, 1.0]]), 25)


@pytest.mark.parametrize(
    ("box", "rows", "columns"),
    [
        ((2, 3, 6, 8), (3, 8), (2, 6)),
        ((2.4, 3.4, 5.6, 7.6), (3, 8), (2, 6)),
        ((2.6, 3.6, 5.4, 7.4), (4, 7), (3, 5)),
        ((-5, -1, 4, 3), (0, 3), (0, 4)),
        ((15, 5, 99, 99), (5, 10), (15, 20)),
        ((30, 30, 40, 40), (10, 10), (20, 20)),
    ],
)
def test_box_takes_the_pixels_with_their_centre_inside(box, rows, columns):
    image = np.arange(200).reshape(10, 20)
    found = box_slices(np.array(box, float), image.shape)
    assert [(s.start, s.stop) for s in found] == [rows, columns]
    centre_y, centre_x = np.mgrid[:10, :20] + 0.5
    inside = (box[0] <= centre_x) & (centre_x < box[2]) & (box[1] <= centre_y) & (centre_y < box[3])
    assert set(image[found].ravel()) == set(image[inside])


def test_pyradiomics_logger_is_left_as_it_was(caplog):
    pytest.importorskip("radiomics", reason="PyRadiomics is not installed")
    logger = logging.getLogger("radiomics")
    level = logger.level
    with caplog.at_level(logging.DEBUG):
        logger.setLevel(logging.DEBUG)
        try:
            glcm_texture(np.arange(36.0).reshape(6, 6) * 10, 25)
            assert logger.level == logging.DEBUG
        finally:
            logger.setLevel(level)
    assert [record for record in caplog.records if record.name.startswith("radiomics")] == []
