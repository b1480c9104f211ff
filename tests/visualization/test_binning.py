import numpy as np

from lidnet_mm.visualization.binning import binned


def test_means_at_the_edges_are_of_what_is_there():
    image = np.arange(35.0).reshape(5, 7)
    found = binned(image, 3)
    assert found.shape == (2, 3)
    assert found[1, 2] == image[3:, 6:].mean()
    assert found[0, 1] == image[:3, 3:6].mean()
    np.testing.assert_array_equal(binned(image, 1), image)
