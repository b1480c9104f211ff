"""The last line of a tool that fails under ``mim``, which adds a traceback of its own."""

import subprocess
import sys
from textwrap import dedent

import pytest

TOOL = "from lidnet_mm.last_line import say_error\nsay_error('what to do')\nraise SystemExit(3)"
MIM = dedent(
    """
    import subprocess, sys, time
    try:
        subprocess.check_call([sys.executable, "-c", sys.argv[1]])
    finally:
        time.sleep(0.2)
    """
)


@pytest.mark.parametrize("launcher", ["", "import subprocess, sys; subprocess.run({!r}); exit(3)"])
def test_below_the_traceback_of_mim(tmp_path, launcher):
    tool = launcher.format([sys.executable, "-c", TOOL]) if launcher else TOOL
    mim = tmp_path / "mim"
    mim.write_text(MIM)
    done = subprocess.run(
        [sys.executable, str(mim), tool], capture_output=True, text=True, check=False
    )
    lines = done.stderr.splitlines()
    assert (lines[0], lines[-1]) == ("error: what to do", "error: what to do")
    assert "CalledProcessError" in lines[-2]
    assert done.returncode == 1


def test_once_without_mim():
    done = subprocess.run([sys.executable, "-c", TOOL], capture_output=True, text=True, check=False)
    assert (done.stderr, done.returncode) == ("error: what to do\n", 3)
