import numpy as np
import pytest

from lidnet_mm.benchmark.cases.case_file import read_case
from lidnet_mm.evaluation.recorded_slice import RecordedSlice, case_path, write_recorded

WINDOW = (-160.0, 240.0)


def record(folder, number, offset=0, value=0.0, name="case_0001, slice 4"):
    none = np.zeros((0, 4), np.float32)
    image = np.full((4, 5), value, np.float32)
    kept = RecordedSlice(name, image, none, none, np.zeros(0, np.float32), image)
    write_recorded(kept, case_path(folder, number, offset))


@pytest.fixture
def folders(tmp_path):
    return {title: tmp_path / title for title in ("LDCT", "NDCT")}


def test_slices_that_all_methods_recorded(folders):
    for value, folder in enumerate(folders.values()):
        for offset in (-1, 0, 1):
            record(folder, 3, offset, value + 10 * offset)
        record(folder, 30, 5)  # another case, whose number begins alike
    record(folders["LDCT"], 3, 2)
    case = read_case(folders, 3, WINDOW)
    assert [part.offset for part in case.slices] == [-1, 0, 1]
    assert [part.images["NDCT"][0, 0] for part in case.slices] == [-9, 1, 11]
    assert list(case.images) == ["LDCT", "NDCT"]
    assert (case.name, case.window_hu) == ("case_0001, slice 4", WINDOW)


def test_a_case_that_one_method_lacks(folders):
    record(folders["LDCT"], 0)
    record(folders["NDCT"], 0, 1)
    assert read_case(folders, 0, WINDOW) is None
    assert read_case({}, 0, WINDOW) is None


def test_other_slices_are_refused(folders):
    record(folders["LDCT"], 0)
    record(folders["NDCT"], 0, name="case_0002, slice 4")
    with pytest.raises(ValueError, match="case_0001, slice 4 and case_0002, slice 4"):
        read_case(folders, 0, WINDOW)
