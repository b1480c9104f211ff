"""Tools end with one line."""

import errno
import logging

import pytest
from mmengine.logging import MMLogger

from lidnet_mm.apis.tool_ending import run_tool
from lidnet_mm.registry import MODELS

IN_A_WORKER = "Caught ValueError in worker.\nTraceback (most recent call last):\n a\nValueError: b"


def raising(error):
    def main():
        raise error

    return main


@pytest.mark.parametrize("status", [None, 0, 3])
def test_status(status):
    assert run_tool(lambda: status) == (status or 0)


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ValueError("no such\n  dose"), "no such dose"),
        (FileNotFoundError("no config x"), "no config x"),
        (KeyError("x names no judge: add it"), "x names no judge: add it"),
        (ValueError(IN_A_WORKER), "ValueError: b"),
    ],
)
def test_what_a_user_can_mend_is_one_line(capsys, error, line):
    assert run_tool(raising(error)) == 1
    assert capsys.readouterr().err == f"error: {line}\n"


def test_wrong_names_in_a_config(capsys):
    assert run_tool(lambda: MODELS.build({"type": "lidnet_mm.CPEC"})) == 1
    assert capsys.readouterr().err.startswith("error: there is no model 'lidnet_mm.CPEC': do you")


@pytest.mark.parametrize("error", [RuntimeError("out of memory"), KeyError("name"), TypeError("t")])
def test_faults_of_the_program_keep_their_traceback_above(capsys, error):
    assert run_tool(raising(error)) == 1
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert lines[-1] == f"error: {type(error).__name__}: {error.args[0]}"


def test_a_full_disk_that_names_no_file(capsys):
    assert run_tool(raising(OSError(errno.ENOSPC, "No space left on device"))) == 1
    line = "error: No space left on device: make room, or write to another folder\n"
    assert capsys.readouterr().err == line


def test_interrupted(capsys):
    assert run_tool(raising(KeyboardInterrupt())) == 130
    assert capsys.readouterr().err == "error: interrupted\n"


def test_the_log_file_has_the_traceback(tmp_path, capsys):
    logger = MMLogger.get_instance("test_tool_ending", log_file=str(tmp_path / "run.log"))
    assert run_tool(raising(ValueError("a dose"))) == 1
    for handler in list(logger.handlers):
        if isinstance(handler, logging.FileHandler):
            handler.close()
            logger.removeHandler(handler)
    text = next(tmp_path.glob("*.log")).read_text()
    assert "Traceback (most recent call last)" in text
    assert "ValueError: a dose" in text
    assert capsys.readouterr().err == "error: a dose\n"
