"""Labels on the command line."""

import numpy as np
import pytest

from lidnet_mm.datasets.converters.conversion_error import ConversionError
from lidnet_mm.datasets.converters.sources.masks.label_choice import parse_labels


@pytest.mark.parametrize(
    ("words", "values"),
    [
        (["2"], {"": [2]}),
        (["2,3"], {"": [2, 3]}),
        (["tumour=2,cyst=3"], {"tumour": [2], "cyst": [3]}),
        (["lung tumour=2", "cyst=3", "lung tumour=5"], {"lung tumour": [2, 5], "cyst": [3]}),
        (["all"], {}),
    ],
)
def test_values_and_classes(words, values):
    assert parse_labels(words).values == values


@pytest.mark.parametrize(
    "words", [["0"], ["-1"], ["x"], ["=2"], ["a="], ["a=2,3"], ["2,2"], ["a=2,b=2"], ["1.5"], [""]]
)
def test_other_words_are_refused_with_the_right_form(words):
    with pytest.raises(ConversionError, match=r"--labels .*--labels tumour=2,cyst=3"):
        parse_labels(words)


def test_a_slice_is_divided_by_class():
    labels = np.array([[0, 1, 2], [3, 4, 2]])
    found = dict(parse_labels(["a=2", "b=3", "a=4"]).masks(labels))
    np.testing.assert_array_equal(found["a"], [[0, 0, 2], [0, 4, 2]])
    np.testing.assert_array_equal(found["b"], [[0, 0, 0], [3, 0, 0]])
