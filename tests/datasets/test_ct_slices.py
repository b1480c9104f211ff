"""A cached slice equals the decoded one, needs no volume opened, and follows its source."""

import os
import shutil

import nibabel
import numpy as np
import pytest
import SimpleITK
from torch.utils.data import DataLoader

from lidnet_mm.datasets import ct_slices
from lidnet_mm.datasets.ct_slices import CTSliceReader
from lidnet_mm.datasets.readers import VolumeError
from lidnet_mm.datasets.transforms import LoadCTSlice, LoadPairedLDCT

RNG = np.random.default_rng(3)


def write_scaled_nifti(folder):
    """HU that are no whole numbers, stored by coronal planes: slope 0.3."""
    image = nibabel.Nifti1Image(RNG.integers(0, 999, (20, 6, 24), np.int16), np.eye(4))
    image.header.set_slope_inter(0.3, -100.1)
    nibabel.save(image, folder / "scaled.nii.gz")
    return folder / "scaled.nii.gz"


def write_image(folder, name):
    """Whole HU in a file of SimpleITK's, spacing and place given."""
    image = SimpleITK.GetImageFromArray(RNG.integers(-1024, 3072, (6, 20, 24), np.int16))
    image.SetSpacing((0.7, 0.8, 2.5))
    image.SetOrigin((-100.3, 20.1, -301.25))
    SimpleITK.WriteImage(image, str(folder / name))
    return folder / name


def write_dicom(folder, seed=0):
    """A series of 6 slices in a folder."""
    folder = folder / "series"
    folder.mkdir(exist_ok=True)
    voxels = np.random.default_rng(seed).integers(-1024, 3072, (6, 20, 24), np.int16)
    for number, plane in enumerate(voxels):
        image = SimpleITK.GetImageFromArray(plane[None])
        tags = {
            "0008|0016": "1.2.840.10008.5.1.4.1.1.2",
            "0008|0018": f"1.2.3.{number + 1}",
            "0008|0060": "CT",
            "0020|000d": "1.2.4",
            "0020|000e": "1.2.5",
            "0020|0032": f"-100\\20\\{number * 2.5}",
            "0020|0037": "1\\0\\0\\0\\1\\0",
            "0028|1052": "0",
            "0028|1053": "1",
        }
        for tag, value in tags.items():
            image.SetMetaData(tag, value)
        image.SetSpacing((0.7, 0.8, 2.5))
        writer = SimpleITK.ImageFileWriter()
        writer.KeepOriginalImageUIDOn()
        writer.SetFileName(str(folder / f"{number}.dcm"))
        writer.Execute(image)
    return folder


VOLUMES = {
    "nifti": lambda folder: write_image(folder, "whole.nii.gz"),
    "fractions": write_scaled_nifti,
    "metaimage": lambda folder: write_image(folder, "whole.mhd"),
    "nrrd": lambda folder: write_image(folder, "whole.nrrd"),
    "dicom": write_dicom,
}


@pytest.fixture(params=VOLUMES)
def volume(request, tmp_path):
    """A volume of 6 slices in each kind of file."""
    return VOLUMES[request.param](tmp_path)


@pytest.fixture
def cache(tmp_path):
    return str(tmp_path / "cache")


def sample(path, index=1, **changes):
    return {"img_path": str(path), "slice_index": index, "patient_id": "case_0001", **changes}


def same(one, other):
    """Whether two samples agree in all keys, the image bit by bit."""
    images = [result["img"] for result in (one, other)]
    facts = [{k: v for k, v in result.items() if k != "img"} for result in (one, other)]
    return (
        facts[0] == facts[1]
        and repr(facts[0]) == repr(facts[1])
        and images[0].dtype == images[1].dtype
        and images[0].tobytes() == images[1].tobytes()
    )


@pytest.fixture
def decoded(monkeypatch):
    """What is decoded from now on: a list that grows by the path of each slice."""
    calls = []
    original = ct_slices._decode

    def counted(path, *args):
        calls.append(path)
        return original(path, *args)

    monkeypatch.setattr(ct_slices, "_decode", counted)
    return calls


def test_samples_are_the_same_without_a_cache_and_with_a_cold_and_a_warm_one(
    volume, cache, decoded
):
    for index in range(6):
        plain = LoadCTSlice().transform(sample(volume, index))
        decoded.clear()
        cold = LoadCTSlice(cache_dir=cache).transform(sample(volume, index))
        warm = LoadCTSlice(cache_dir=cache).transform(sample(volume, index))
        assert same(cold, plain)
        assert same(warm, plain)
        assert decoded == [str(volume)]


def test_a_warm_slice_needs_no_volume_opened(volume, cache, monkeypatch):
    plain = CTSliceReader(cache).read(str(volume), 2, None)

    def refuse(path):
        raise AssertionError(f"{path} was opened")

    monkeypatch.setattr(ct_slices, "open_volume", refuse)
    warm = CTSliceReader(cache).read(str(volume), 2, None)
    assert warm.image.tobytes() == plain.image.tobytes()


def touch(path):
    """Let a file look as if it had been written a second later."""
    state = path.stat()
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns + 10**9))


def rewrite(volume):
    """Write other voxels under the same names."""
    if volume.is_dir():
        shutil.rmtree(volume)
        write_dicom(volume.parent, seed=9)
    elif volume.name == "scaled.nii.gz":
        write_scaled_nifti(volume.parent)
    else:
        write_image(volume.parent, volume.name)
    raw = volume.with_suffix(".raw")
    touch(raw if raw.exists() else volume)


def test_a_source_that_changed_is_read_again(volume, cache):
    reader = CTSliceReader(cache)
    before = reader.read(str(volume), 1, None).image
    rewrite(volume)
    after = reader.read(str(volume), 1, None).image
    assert not np.array_equal(after, before)
    np.testing.assert_array_equal(after, CTSliceReader().read(str(volume), 1, None).image)


def test_voxels_that_changed_beside_an_untouched_header_are_read_again(tmp_path, cache):
    path = write_image(tmp_path, "whole.mhd")
    before = CTSliceReader(cache).read(str(path), 0, None).image
    raw = path.with_suffix(".raw")
    raw.write_bytes(raw.read_bytes()[::-1])
    touch(raw)
    assert not np.array_equal(CTSliceReader(cache).read(str(path), 0, None).image, before)


def test_a_file_of_a_folder_overwritten_in_place_is_seen_by_the_next_process(tmp_path, cache):
    folder = write_dicom(tmp_path)
    before = CTSliceReader(cache).read(str(folder), 0, None).image
    state = folder.stat()
    other = write_dicom(tmp_path / "cache", seed=9)
    (folder / "0.dcm").write_bytes((other / "0.dcm").read_bytes())
    touch(folder / "0.dcm")
    os.utime(folder, ns=(state.st_atime_ns, state.st_mtime_ns))
    ct_slices._folder_state.cache_clear()  # as in a new process
    assert not np.array_equal(CTSliceReader(cache).read(str(folder), 0, None).image, before)


def test_another_version_of_the_readers_reads_again(volume, cache, decoded, monkeypatch):
    CTSliceReader(cache).read(str(volume), 1, None)
    monkeypatch.setattr(ct_slices, "reader_version", lambda: "another version")
    CTSliceReader(cache).read(str(volume), 1, None)
    assert len(decoded) == 2


def test_one_path_in_two_spellings_is_one_slice(tmp_path, cache, decoded, monkeypatch):
    path = write_image(tmp_path, "whole.nii.gz")
    monkeypatch.chdir(tmp_path)
    for spelling in (str(path), "whole.nii.gz", f"{tmp_path}/cache/../whole.nii.gz"):
        CTSliceReader(cache).read(spelling, 1, None)
    assert len(decoded) == 1


def test_a_missing_volume_is_an_error_with_a_warm_cache_too(volume, cache):
    CTSliceReader(cache).read(str(volume), 1, None)
    shutil.rmtree(volume) if volume.is_dir() else volume.unlink()
    with pytest.raises(FileNotFoundError, match=rf"{volume.name} does not exist"):
        CTSliceReader(cache).read(str(volume), 1, None)


@pytest.mark.parametrize("stated", [{"height": 24, "width": 20}, {"spacing": (0.9, 0.7)}])
def test_annotated_geometry_is_checked_on_a_warm_cache_too(tmp_path, cache, stated):
    path = write_image(tmp_path, "whole.nii.gz")
    transform = LoadCTSlice(cache_dir=cache)
    transform.transform(sample(path, height=20, width=24, spacing=(0.8, 0.7)))
    with pytest.raises(VolumeError, match=r"slice 1 of .*whole\.nii\.gz: the annotation file"):
        transform.transform(sample(path, **stated))


def test_a_slice_that_is_refused_is_not_kept(tmp_path, cache):
    voxels = np.zeros((6, 5, 4), np.float32)
    voxels[2, 3, 1] = np.nan
    path = tmp_path / "holes.nii.gz"
    nibabel.save(nibabel.Nifti1Image(voxels, np.eye(4)), path)
    for _ in range(2):
        with pytest.raises(VolumeError, match="1 pixels that are NaN"):
            CTSliceReader(cache).read(str(path), 1, "case_0001")


class TestPairs:
    @pytest.fixture
    def pair(self, tmp_path):
        """A sample with a partner on the same grid."""
        full = write_image(tmp_path, "full.nii.gz")
        quarter = write_image(tmp_path, "quarter.nii.gz")
        return sample(full, ldct_path=str(quarter), ldct_slice_index=1)

    def load(self, pair, cache, index=1):
        results = LoadCTSlice(cache_dir=cache).transform({**pair, "ldct_slice_index": index})
        return LoadPairedLDCT(cache_dir=cache).transform(results)

    def test_a_warm_pair_needs_no_volume_opened(self, pair, cache, decoded):
        plain = self.load(pair, None)
        cold = self.load(pair, cache)
        decoded.clear()
        warm = self.load(pair, cache)
        assert same(cold, plain)
        assert same(warm, plain)
        assert decoded == []

    def test_a_pair_that_does_not_match_is_refused_on_a_warm_cache_too(self, pair, cache):
        for _ in range(2):
            with pytest.raises(VolumeError, match=r"lies at .*-298\.75\] and .*-296\.25\] mm"):
                self.load(pair, cache, index=2)


class Slices:
    """A data set of the six slices of a volume."""

    def __init__(self, path, cache):
        self.path, self.transform = path, LoadCTSlice(cache_dir=cache)

    def __len__(self):
        return 6

    def __getitem__(self, index):
        return self.transform.transform(sample(self.path, index))["img"]


def test_workers_share_the_cache(volume, cache, decoded):
    truth = [CTSliceReader().read(str(volume), index, None).image for index in range(6)]
    for _ in range(2):
        loader = DataLoader(Slices(volume, cache), batch_size=None, num_workers=2)
        for image, expected in zip(loader, truth, strict=True):
            np.testing.assert_array_equal(image, expected)
    decoded.clear()
    LoadCTSlice(cache_dir=cache).transform(sample(volume, 5))
    assert decoded == []


def test_a_bound_without_a_folder_is_refused():
    for transform in (LoadCTSlice, LoadPairedLDCT):
        with pytest.raises(ValueError, match="give cache_dir"):
            transform(cache_gib=1)
