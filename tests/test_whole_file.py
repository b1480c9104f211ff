import os
import stat

import pytest

from lidnet_mm.whole_file import require_writable, write_whole


def test_writes_into_new_folders_and_replaces(tmp_path):
    path = tmp_path / "a" / "b" / "file.bin"
    write_whole(path, b"first")
    write_whole(path, b"second")
    assert path.read_bytes() == b"second"
    assert [p.name for p in path.parent.iterdir()] == ["file.bin"]
    assert path.stat().st_mode & 0o444 == 0o444


def test_what_cannot_be_written_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "file.bin"
    write_whole(path, b"first")
    monkeypatch.setattr("pathlib.Path.replace", lambda *_: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        write_whole(path, b"second")
    assert path.read_bytes() == b"first"
    assert list(tmp_path.iterdir()) == [path]


def test_durable_file_is_on_the_disk_before_it_has_its_name(tmp_path, monkeypatch):
    calls = []
    monkeypatch.setattr("os.fsync", lambda descriptor: calls.append(os.fstat(descriptor).st_mode))
    monkeypatch.setattr(
        "pathlib.Path.replace", lambda self, path: (calls.append("renamed"), os.replace(self, path))
    )
    write_whole(tmp_path / "file.bin", b"content", durable=True)
    assert stat.S_ISREG(calls[0])
    assert calls[1] == "renamed"
    assert stat.S_ISDIR(calls[2])


def test_folder_that_cannot_be_written(tmp_path):
    require_writable(tmp_path / "new" / "folder")
    assert list((tmp_path / "new" / "folder").iterdir()) == []
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OSError, match=r"nothing can be written to .*file/folder"):
        require_writable(tmp_path / "file" / "folder")
