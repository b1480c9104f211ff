"""NIfTI volumes: random access, stored types and scaling, damaged files."""

import gzip
import io

import indexed_gzip
import nibabel
import numpy as np
import pytest

from lidnet_mm.datasets.readers import NiftiVolume, VolumeError, nifti

LPS = np.diag([-0.7, -0.7, 3.0, 1.0])


class CountingFile(io.BytesIO):
    """A file that counts the bytes read from it."""

    def __init__(self, path: str) -> None:
        with open(path, "rb") as stream:
            super().__init__(stream.read())
        self.count = 0

    def read(self, size: int = -1) -> bytes:
        data = super().read(size)
        self.count += len(data)
        return data


@pytest.fixture
def counted(monkeypatch) -> list[CountingFile]:
    """Files that readers open from now on, counting the compressed bytes that they read."""
    files = []
    original = indexed_gzip.IndexedGzipFile

    def open_counted(filename, drop_handles, **options):
        files.append(CountingFile(filename))
        return original(fileobj=files[-1], **options)

    monkeypatch.setattr(nifti.indexed_gzip, "IndexedGzipFile", open_counted)
    return files


@pytest.fixture(scope="module")
def long_volume(tmp_path_factory):
    """A compressed volume of 16 MiB, 128 slices, that compresses to about 3/4."""
    truth = np.random.default_rng(0).integers(-1024, 3072, (128, 256, 256), dtype=np.int16)
    path = tmp_path_factory.mktemp("long") / "long.nii.gz"
    data = nibabel.Nifti1Image(truth.transpose(2, 1, 0), LPS).to_bytes()
    path.write_bytes(gzip.compress(data, compresslevel=1))
    return path, truth


def bytes_read(file: CountingFile, volume: NiftiVolume, index: int, truth: np.ndarray) -> int:
    """Compressed bytes that reading a slice takes; the slice must be right."""
    before = file.count
    np.testing.assert_array_equal(volume.read_slice(index), truth[index])
    return file.count - before


def test_random_slice_does_not_decompress_the_volume(long_volume, counted):
    path, truth = long_volume
    size = path.stat().st_size
    volume = NiftiVolume(path)
    assert bytes_read(counted[0], volume, 127, truth) > 0.9 * size
    for index in np.random.default_rng(1).permutation(128)[:20]:
        assert bytes_read(counted[0], volume, int(index), truth) < 0.15 * size


def test_all_slices_in_turn_cost_a_few_passes(long_volume, counted):
    path, truth = long_volume
    volume = NiftiVolume(path)
    total = sum(bytes_read(counted[0], volume, index, truth) for index in range(128))
    assert total < 12 * path.stat().st_size


def test_seek_points_are_counted_as_memory(long_volume):
    volume = NiftiVolume(long_volume[0])
    assert 0 < volume.resident_bytes < 0.1 * long_volume[1].nbytes


def test_sagittal_storage_is_decompressed_once_and_counted(write_volume, hu_volume, counted):
    truth = hu_volume(slices=30, height=40, width=50)
    path = write_volume(truth, stored="PSL")
    volume = NiftiVolume(path)
    assert bytes_read(counted[0], volume, 3, truth) > 0
    assert sum(bytes_read(counted[0], volume, index, truth) for index in range(30)) == 0
    assert volume.resident_bytes == truth.nbytes


def test_uncompressed_volume_is_mapped_and_not_read(write_volume, hu_volume):
    truth = hu_volume()
    volume = NiftiVolume(write_volume(truth, "case.nii"))
    assert isinstance(volume._whole, np.memmap)
    assert volume.resident_bytes == 0
    slice_ = volume.read_slice(2)
    slice_ += 1.0  # a slice is the caller's own
    np.testing.assert_array_equal(volume.read_slice(2), truth[2])


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
@pytest.mark.parametrize("dtype", ["<i2", ">i2", "<u2", "<f4", "<f8", "<i4", "u1"])
def test_slope_and_intercept_in_any_stored_type(tmp_path, dtype, suffix):
    stored = np.random.default_rng(2).integers(0, 200, (6, 5, 4)).astype(dtype)
    header = nibabel.Nifti1Header(endianness=dtype[0] if dtype[0] in "<>" else "<")
    header.set_data_dtype(stored.dtype)
    image = nibabel.Nifti1Image(stored, LPS, header)
    image.header.set_slope_inter(2.5, -1024.0)
    path = tmp_path / f"scaled{suffix}"
    nibabel.save(image, path)
    reference = nibabel.load(path)
    truth = np.asarray(reference.get_fdata(), dtype=np.float32).transpose(2, 1, 0)
    volume = NiftiVolume(path)
    assert truth.min() < -500  # the header's scaling is there to be honoured
    for index in range(4):
        np.testing.assert_array_equal(volume.read_slice(index), truth[index])


def test_four_dimensions_are_refused(tmp_path):
    path = tmp_path / "perfusion.nii.gz"
    nibabel.save(nibabel.Nifti1Image(np.zeros((4, 4, 3, 2), np.int16), LPS), path)
    with pytest.raises(VolumeError, match=r"perfusion\.nii\.gz.*\(4, 4, 3, 2\).*3-D"):
        NiftiVolume(path)


def test_a_single_fourth_dimension_is_read(tmp_path, hu_volume):
    truth = hu_volume()
    path = tmp_path / "case.nii.gz"
    nibabel.save(nibabel.Nifti1Image(truth.transpose(2, 1, 0)[..., None], LPS), path)
    np.testing.assert_array_equal(NiftiVolume(path).read_slice(1), truth[1])


def test_colour_voxels_are_refused(tmp_path):
    path = tmp_path / "colour.nii.gz"
    colour = np.dtype([("R", "u1"), ("G", "u1"), ("B", "u1")])
    nibabel.save(nibabel.Nifti1Image(np.zeros((4, 4, 3), colour), LPS), path)
    with pytest.raises(VolumeError, match=r"colour\.nii\.gz.*not real numbers"):
        NiftiVolume(path)


def test_unstated_orientation_is_read_with_a_warning(tmp_path, hu_volume, warnings_logged):
    path = tmp_path / "unknown.nii"
    image = nibabel.Nifti1Image(hu_volume(), LPS)
    image.set_sform(LPS, code=0)
    image.set_qform(LPS, code=0)
    nibabel.save(image, path)
    NiftiVolume(path)
    assert "unknown.nii states no orientation" in warnings_logged()


@pytest.mark.parametrize("kept", [0.6, 0.999])
def test_truncated_compressed_volume_names_file_and_slice(long_volume, tmp_path, kept):
    data = long_volume[0].read_bytes()
    path = tmp_path / "short.nii.gz"
    path.write_bytes(data[: int(kept * len(data))])
    with pytest.raises(VolumeError, match=r"slice 3 of .*short\.nii\.gz.*damaged"):
        NiftiVolume(path).read_slice(3)


@pytest.mark.parametrize("damaged", [1, 4096])
def test_corrupt_compressed_volume_names_file_and_slice(long_volume, tmp_path, damaged):
    data = bytearray(long_volume[0].read_bytes())
    middle = len(data) // 2
    data[middle : middle + damaged] = bytes(255 - byte for byte in data[middle : middle + damaged])
    path = tmp_path / "corrupt.nii.gz"
    path.write_bytes(data)
    with pytest.raises(VolumeError, match=r"slice 127 of .*corrupt\.nii\.gz.*damaged"):
        NiftiVolume(path).read_slice(127)


def test_truncated_sagittal_volume_names_the_file(write_volume, hu_volume):
    path = write_volume(hu_volume(30, 40, 50), stored="PSL")
    path.write_bytes(path.read_bytes()[:-5000])
    with pytest.raises(VolumeError, match=r"case_0001\.nii\.gz.*damaged"):
        NiftiVolume(path).read_slice(0)


def test_truncated_uncompressed_volume_names_the_file(write_volume, hu_volume):
    path = write_volume(hu_volume(), "case.nii")
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(VolumeError, match=r"case\.nii.*damaged"):
        NiftiVolume(path)


@pytest.mark.parametrize("name", ["text.nii.gz", "text.nii", "empty.nii.gz"])
def test_file_that_is_no_nifti_is_refused(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b"" if name.startswith("empty") else b"no volume at all" * 100)
    with pytest.raises(VolumeError, match=f"header of .*{name}"):
        NiftiVolume(path)


def test_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"gone\.nii\.gz"):
        NiftiVolume(tmp_path / "gone.nii.gz")
