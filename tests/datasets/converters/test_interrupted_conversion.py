"""A conversion that was interrupted goes on, and only with what is its own."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from given_cases import ArrayVolume, Source, box, case, hu

from lidnet_mm.datasets.converters.command_line import run
from lidnet_mm.datasets.converters.conversion_error import ConversionError
from lidnet_mm.datasets.converters.source_case import CaseContent


def test_an_interrupted_conversion_goes_on(convert, tmp_path, written):
    reads = []

    def reading(name, fail):
        def read():
            reads.append(name)
            if fail:
                raise KeyboardInterrupt
            return CaseContent(ArrayVolume(hu(len(name))), {1: [box()]})

        return case(name, read=read)

    with pytest.raises(KeyboardInterrupt):
        convert(reading("a", False), reading("b", True), reading("c", False))
    assert not (tmp_path / "out").exists()
    cases = [reading(name, False) for name in "abc"]
    convert(*cases)
    assert reads == ["a", "b", "b", "c"]
    resumed = {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    convert(*cases, switches=["--overwrite"])
    assert {path: path.read_bytes() for path in resumed} == resumed
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "source"]


def test_other_settings_do_not_go_on_with_what_was_left(convert, written):
    reads = []

    def read():
        reads.append(1)
        if len(reads) == 2:
            raise KeyboardInterrupt
        return CaseContent(ArrayVolume(hu()), {1: [box()]})

    cases = [case("a", read=read), case("b", read=read)]
    with pytest.raises(KeyboardInterrupt):
        convert(*cases)
    convert(*cases, switches=["--min-size-mm", "50"])
    assert len(reads) == 4
    assert written("annotations/train.json")["annotations"] == []


def test_another_source_does_not_go_on_with_what_was_left(convert, tmp_path, written):
    def interrupted():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        convert(case("a"), case("b", read=interrupted))
    (tmp_path / "source").rename(tmp_path / "other")
    (tmp_path / "source").symlink_to(tmp_path / "other")
    convert(case("a", CaseContent(ArrayVolume(hu(9)), {})), case("b"))
    slices = {box["image_id"] for box in written("annotations/train.json")["annotations"]}
    assert slices == {6}


def test_what_an_interrupted_conversion_leaves_names_nobody(convert, tmp_path):
    def interrupted():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        convert(case("Zebedee"), case("Zoe", read=interrupted), switches=["--class-name", "cyst"])
    left = [path for path in (tmp_path / ".out.partial").rglob("*") if path.is_file()]
    assert left
    for path in left:
        for word in ("Zebedee", "Zoe", "source", str(tmp_path)):
            assert word.encode() not in path.read_bytes(), path
            assert word not in path.name


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b"\xff\xfe", b"[" * 100_000])
def test_a_damaged_record_is_made_again(convert, tmp_path, written, content):
    def interrupted():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        convert(case("a"), case("b", read=interrupted))
    (record,) = (tmp_path / ".out.partial" / ".records").glob("case_*.json")
    record.write_bytes(content)
    convert(case("a"), case("b"))
    assert len(written("annotations/train.json")["images"]) == 8


def test_ctrl_c_is_told_in_a_line(tmp_path, capsys):
    def interrupted():
        raise KeyboardInterrupt

    (tmp_path / "source").mkdir()
    arguments = [str(tmp_path / "source"), str(tmp_path / "out"), "--split", "train=1.0"]
    assert run(Source((case("a", read=interrupted),)), "", arguments) == 130
    assert capsys.readouterr().err.splitlines()[-1] == "interrupted"


KILLED = """
import sys, time
sys.path.insert(0, sys.argv[1])
from given_cases import Source, case
from lidnet_mm.datasets.converters.command_line import run
def slow():
    open(sys.argv[2] + "/reached", "w").close()
    time.sleep(600)
source = Source((case("a"), case("b", read=slow)))
run(source, "", [sys.argv[2] + "/source", sys.argv[2] + "/out", "--split", "train=1.0"])
"""


def test_a_killed_conversion_goes_on_and_blocks_nobody(convert, tmp_path, written):
    command = [sys.executable, "-c", KILLED, str(Path(__file__).parent), str(tmp_path)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    while not (tmp_path / "reached").exists():
        assert process.poll() is None
    with pytest.raises(ConversionError, match="another conversion writes"):
        convert(case("a"), case("b"))
    process.send_signal(signal.SIGKILL)
    process.wait()
    never = case("a", read=lambda: pytest.fail("case a was done already"))
    convert(never, case("b"))
    assert len(written("annotations/train.json")["images"]) == 8
