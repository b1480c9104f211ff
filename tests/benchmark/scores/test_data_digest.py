import hashlib

import pytest

from lidnet_mm.benchmark.scores.data_digest import digest_data


@pytest.fixture
def data(tmp_path):
    for name, content in (("annotations/test.json", b"{}"), ("images/case_0001.nii.gz", b"abcd")):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    return tmp_path


def test_digest(data):
    found = digest_data(data, "chest")
    assert found.annotations == {"test.json": hashlib.sha256(b"{}").hexdigest()}
    assert (found.num_volumes, found.num_bytes) == (1, 4)
    listed = b"images/case_0001.nii.gz\t4\n"
    assert found.volumes == hashlib.sha256(listed).hexdigest()
    assert str(data) not in repr(found)


def test_another_file_size_or_name_shows(data):
    before = digest_data(data, "chest").volumes
    (data / "images" / "case_0001.nii.gz").write_bytes(b"abcde")
    after = digest_data(data, "chest").volumes
    (data / "images" / "case_0002.nii.gz").write_bytes(b"")
    assert len({before, after, digest_data(data, "chest").volumes}) == 3


def test_no_data_set(tmp_path):
    with pytest.raises(FileNotFoundError, match="is it a converted data set"):
        digest_data(tmp_path, "x")
