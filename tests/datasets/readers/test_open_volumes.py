"""Volumes are opened once a process, by suffix, and let go when too many."""

import multiprocessing
import os
import sys

import numpy as np
import pytest
from pydicom import dcmread, dcmwrite

from lidnet_mm.datasets.readers import (
    DicomVolume,
    NiftiVolume,
    OpenVolumes,
    SimpleITKVolume,
    VolumeError,
    open_volume,
)


def test_volume_stays_open_with_its_seek_points(write_volume, hu_volume):
    path = write_volume(hu_volume())
    assert open_volume(path) is open_volume(str(path))


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz", "A.NII.GZ"])
def test_suffix_chooses_the_reader(write_volume, hu_volume, name, tmp_path):
    path = write_volume(hu_volume(), "source.nii" if name.endswith("nii") else "source.nii.gz")
    path.rename(tmp_path / name)
    assert isinstance(open_volume(tmp_path / name), NiftiVolume)


@pytest.mark.parametrize("suffix", ["mhd", "mha", "nrrd", "nhdr"])
def test_itk_formats(write_volume, hu_volume, suffix):
    path = write_volume(hu_volume(), f"case.{suffix}")
    assert isinstance(open_volume(path), SimpleITKVolume)


@pytest.mark.parametrize("name", ["slice.dcm", "1.2.840.99", "L143.FD.0001.IMA", "slice"])
def test_dicom_file_of_any_name(write_series, hu_volume, name):
    truth = hu_volume(slices=1)
    (file,) = write_series(truth).iterdir()
    volume = open_volume(file.rename(file.with_name(name)))
    assert isinstance(volume, DicomVolume)
    np.testing.assert_array_equal(volume.read_slice(0), truth[0])


def test_folder_stays_open_until_its_content_changes(write_series, hu_volume):
    truth = hu_volume(slices=4)
    folder = write_series(truth[:3])
    volumes = OpenVolumes()
    first = volumes.open(folder)
    assert isinstance(first, DicomVolume)
    assert volumes.open(folder) is first
    # a file overwritten in place leaves the times of its folder as they are
    replaced = first.slice_files[1]
    changed = dcmread(replaced)
    changed.RescaleIntercept = -1000
    times = folder.stat()
    with replaced.open("r+b") as stream:
        dcmwrite(stream, changed)
    assert folder.stat().st_mtime_ns == times.st_mtime_ns
    second = volumes.open(folder)
    np.testing.assert_array_equal(second.read_slice(1), truth[1] + 24)
    write_series(truth[3:], heights=(-391.0,), folder="other")
    (added,) = (folder.parent / "other").iterdir()
    added.rename(folder / "added.dcm")
    third = volumes.open(folder)
    assert (first.num_slices, second.num_slices, third.num_slices) == (3, 3, 4)
    (folder / "added.dcm").unlink()
    assert volumes.open(folder).num_slices == 3
    assert len(volumes) == 1


def test_unknown_suffix_is_refused(tmp_path):
    path = tmp_path / "case.bmp"
    path.touch()
    with pytest.raises(VolumeError, match=r"No reader for .*case\.bmp.*\.nii, \.nii\.gz"):
        open_volume(path)


def test_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"gone\.nii\.gz"):
        open_volume(tmp_path / "gone.nii.gz")


def test_changed_file_is_opened_again(write_volume, hu_volume):
    path = write_volume(hu_volume(seed=0))
    before = open_volume(path).read_slice(1)
    write_volume(hu_volume(seed=1))
    state = path.stat()
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns + 1_000_000))
    after = open_volume(path).read_slice(1)
    np.testing.assert_array_equal(after, hu_volume(seed=1)[1])
    assert not np.array_equal(before, after)


def test_least_recently_used_volume_is_closed(write_volume, hu_volume):
    paths = [write_volume(hu_volume(), f"case_{i}.nii.gz") for i in range(3)]
    volumes = OpenVolumes(max_open=2)
    first, second = volumes.open(paths[0]), volumes.open(paths[1])
    volumes.open(paths[0])
    volumes.open(paths[2])
    assert len(volumes) == 2
    assert volumes.open(paths[0]) is first
    assert volumes.open(paths[1]) is not second


def test_memory_is_bounded(write_volume, hu_volume):
    truth = hu_volume(slices=20, height=30, width=40)
    volumes = OpenVolumes(max_bytes=int(2.5 * truth.nbytes))
    for i in range(5):
        volumes.open(write_volume(truth, f"case_{i}.nii.gz", "PSL")).read_slice(0)
    volumes.open(write_volume(truth, "case.nii"))
    assert len(volumes) == 3  # two in memory and the mapped one


def read_all(path, truth):
    """Read every slice often, in an order of this process' own; exits with 1 on a wrong one."""
    order = np.random.default_rng(os.getpid()).permutation(np.arange(len(truth)).repeat(5))
    wrong = sum(not np.array_equal(open_volume(path).read_slice(int(i)), truth[i]) for i in order)
    sys.exit(1 if wrong else 0)


def test_forked_processes_do_not_share_file_positions(write_volume, hu_volume):
    truth = hu_volume(slices=12, height=200, width=200)
    path = write_volume(truth)
    parent = open_volume(path)
    parent.read_slice(11)
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=read_all, args=(path, truth)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
        worker.kill()
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    assert open_volume(path) is parent
