import errno
import io
import os
import re
import socket
import stat
import subprocess
import sys

import pytest

from lidnet_mm.atomic_write import require_writable, write_whole, written_whole


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


def test_folder_on_a_full_disk(tmp_path, monkeypatch):
    class Full(io.BytesIO):
        def write(self, content):
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("lidnet_mm.atomic_write.tempfile.TemporaryFile", lambda dir: Full())
    with pytest.raises(OSError, match=r"nothing can be written to .*No space.*: make room, or"):
        require_writable(tmp_path)


SMALL_DISK = """
import resource, sys
from pathlib import Path
from lidnet_mm.atomic_write import write_together, written_whole
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
folder = Path(sys.argv[1])
try:
    if sys.argv[2] == "together":
        write_together({folder / "a": b"new", folder / "b": bytes(8192)})
    with written_whole(folder / "b") as stream:
        stream.write(bytes(8192))
except OSError as error:
    print(error)
"""


@pytest.mark.parametrize("way", ["together", "stream"])
def test_a_disk_that_ends_leaves_all_files_as_they_were(tmp_path, way):
    """A limit on the size of files stands for the end of the disk: both fail in the write."""
    for name in "ab":
        (tmp_path / name).write_bytes(b"old")
    command = [sys.executable, "-c", SMALL_DISK, str(tmp_path), way]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert re.fullmatch(
        rf"{tmp_path}/b cannot be written \(File too large, [\d.]+ MB free\): make room, or write "
        r"to another folder\n",
        done.stdout,
    )
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {
        "a": b"old", "b": b"old",
    }  # fmt: skip


@pytest.mark.parametrize("code", [errno.EROFS, errno.EACCES])
def test_a_folder_that_is_read_only_is_named(tmp_path, monkeypatch, code):
    def refuse(*_, **__):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr("tempfile.NamedTemporaryFile", refuse)
    with pytest.raises(OSError, match="make its folder writable, or write to another") as error:
        write_whole(tmp_path / "new" / "a", b"new")
    assert str(tmp_path / "new" / "a") in str(error.value)
    assert error.value.errno == code


def test_a_link_at_the_temporary_name_is_not_followed(tmp_path):
    (tmp_path / "thesis.tex").write_text("years")
    part = tmp_path / f"a.{socket.gethostname()}-{os.getpid()}.part"
    part.symlink_to(tmp_path / "thesis.tex")
    with written_whole(tmp_path / "a") as stream:
        stream.write(b"new")
    assert (tmp_path / "thesis.tex").read_text() == "years"
    assert (tmp_path / "a").read_bytes() == b"new"


def test_what_the_block_reads_is_not_called_unwritable(tmp_path):
    with (
        pytest.raises(FileNotFoundError, match="absent"),
        written_whole(tmp_path / "a"),
    ):
        (tmp_path / "absent").read_bytes()
    assert list(tmp_path.iterdir()) == []
