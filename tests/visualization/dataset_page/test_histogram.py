import re

import numpy as np

from lidnet_mm.visualization.dataset_page.histogram import (
    HEIGHT,
    WIDTH,
    hu_histogram,
    size_histogram,
)


def heights(outline):
    """Height of each bin in parts of the plot, and where the bins end."""
    steps = re.findall(r"V([\d.]+)H([\d.]+)", outline)
    return [1 - float(y) / HEIGHT for y, _ in steps], [float(x) / WIDTH for _, x in steps]


def test_boxes_are_counted_by_size():
    histogram = size_histogram(np.array([1.0, 1.5, 4.2, 7.0]))
    found, ends = heights(histogram.outlines["boxes"])
    assert histogram.title.endswith("bins of 0.5 mm")
    counts = np.histogram([1.0, 1.5, 4.2, 7.0], np.arange(16) / 2)[0]
    np.testing.assert_allclose(found, counts, atol=0.01)
    np.testing.assert_allclose(ends, np.arange(1, 16) / 15, atol=1e-3)
    assert histogram.y_labels[0] == (0.0, "1")
    assert histogram.description == "4 boxes, longer side 1.0 to 7.0 mm, median 2.9 mm"


def test_large_boxes_get_wide_bins_and_no_boxes_no_histogram():
    assert "bins of 10 mm" in size_histogram(np.array([3.0, 123.0])).title
    assert "bins of 100 mm" in size_histogram(np.array([2000.0])).title
    assert size_histogram(np.zeros(0)) is None


def test_hu_are_shares_on_a_logarithmic_axis():
    image = np.full((10, 100), -1000.0)
    image[0, :10] = 1234.0  # 1 %
    image[1, 0] = 9000.0  # 0.1 %, counted in the last bin
    histogram = hu_histogram({"LDCT": [], "NDCT": [image]})
    assert list(histogram.outlines) == ["NDCT"]
    found, _ = heights(histogram.outlines["NDCT"])
    shares = {2: 0.989, 46: 0.01, 51: 0.001}
    for index, height in enumerate(found):
        expected = 1 + np.log10(shares[index]) / 4 if index in shares else 0
        assert abs(height - expected) < 0.002, index
    assert histogram.description == (
        "NDCT: 99% of pixels below -500 HU, 0% from -500 to 200 HU, 1% above"
    )
    zero = next(x for x, text in histogram.x_labels if text == "0")
    assert abs(zero - 22 / 52 * WIDTH) < 0.1
