"""A draw is its index and keeps its seed."""

import pickle

import pytest
from mmengine.dataset import ConcatDataset, RepeatDataset

from lidnet_mm.datasets.draw import Draw


class Asked:
    """A data set of four that keeps what it was asked for."""

    metainfo, _fully_initialized = {}, True

    def __init__(self) -> None:
        self.asked = []

    def full_init(self) -> None: ...

    def __len__(self) -> int:
        return 4

    def __getitem__(self, index):
        self.asked.append(index)
        return index


def test_it_is_an_index():
    draw = Draw(2, seed=9)
    assert draw == 2
    assert "abc"[draw] == "c"


@pytest.mark.parametrize("visit", [None, 0, 7])
def test_its_numbers_reach_a_worker_process(visit):
    draw = pickle.loads(pickle.dumps([Draw(2, seed=2**62, visit=visit)]))[0]
    assert (type(draw), int(draw), draw.seed, draw.visit) == (Draw, 2, 2**62, visit)


def test_its_seed_survives_data_sets_of_data_sets(monkeypatch):
    monkeypatch.setattr("mmengine.dataset.dataset_wrapper.BaseDataset", Asked)
    first, second = Asked(), Asked()
    assert ConcatDataset([first, second])[Draw(5, seed=9)].seed == 9
    assert second.asked == [1]
    assert RepeatDataset(first, times=3)[Draw(6, seed=8)].seed == 8
    assert first.asked == [2]


def test_its_visit_survives_where_it_is_one(monkeypatch):
    """A repeated data set visits a slice several times in an epoch, all of one number."""
    monkeypatch.setattr("mmengine.dataset.dataset_wrapper.BaseDataset", Asked)
    first, second = Asked(), Asked()
    assert ConcatDataset([first, second])[Draw(5, seed=9, visit=3)].visit == 3
    repeated = RepeatDataset(first, times=3)
    assert [repeated[Draw(index, seed=8, visit=3)].visit for index in (2, 6, 10)] == [3, None, None]
