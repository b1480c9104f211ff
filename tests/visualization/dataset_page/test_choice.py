import pytest

from lidnet_mm.visualization.dataset_page.choice import SliceChoice, choose_slices
from lidnet_mm.visualization.dataset_page.parts import parts_of_folder


@pytest.fixture(scope="module")
def parts(root):
    return parts_of_folder(root)


def names(parts, **choice):
    return [str(listed.name) for _, listed in choose_slices(parts, SliceChoice(**choice))]


def test_kinds_and_patients(parts):
    lesions = ["case_0001, slice 1", "case_0002, slice 1"]
    assert names(parts, only="lesions") == lesions
    assert names(parts, only="negatives", patient="case_0002") == [
        "case_0002, slice 0",
        "case_0002, slice 2",
    ]
    assert len(names(parts, number=None)) == 6


def test_a_draw_has_no_slice_twice_and_follows_the_seed(parts):
    draws = [tuple(names(parts, number=3, seed=seed)) for seed in range(20)]
    assert all(len(set(draw)) == 3 and list(draw) == sorted(draw) for draw in draws)
    assert draws[4] == tuple(names(parts, number=3, seed=4))
    assert {name for draw in draws for name in draw} == set(names(parts, number=None))


def test_nothing_to_show_is_an_error(parts):
    with pytest.raises(ValueError, match=r"patient case_9; the 2 patients are called case_0001"):
        names(parts, patient="case_9")
    with pytest.raises(ValueError, match="at least one slice, not 0"):
        SliceChoice(number=0)
    with pytest.raises(ValueError, match="lesions, negatives, not 'x'"):
        SliceChoice(only="x")


def test_no_slice_of_that_kind(dataset, tmp_path):
    root = dataset.make_root(tmp_path, paired=False)
    parts = parts_of_folder(root)
    kept = [listed for listed in parts[0].slices if len(listed.boxes)]
    vars(parts[0])["slices"] = tuple(kept)
    with pytest.raises(ValueError, match="none of 2 slices is without lesion"):
        names(parts, only="negatives")
