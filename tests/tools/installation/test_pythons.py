"""Interpreters: which are found, which are refused and which is preferred."""

import configparser
import os
import subprocess
import sys

import pytest

from installation import InstallError, pythons
from installation.pythons import Interpreter


def python(minor: int, makes_venvs: bool = True) -> Interpreter:
    return Interpreter(f"/bin/python3.{minor}", (3, minor), makes_venvs=makes_venvs)


def test_this_python_tells_its_version_and_headers():
    found = pythons.look_at(sys.executable)
    assert found.version == sys.version_info[:2]
    assert found.headers.endswith("python{}.{}".format(*sys.version_info[:2]))


@pytest.mark.parametrize("text", ["exit 127", "echo 3.12"])
def test_command_that_is_no_python_is_passed_over(tmp_path, text):
    """Version managers leave commands for versions that are not switched on."""
    command = tmp_path / "python3.12"
    command.write_text(f"#!/bin/sh\n{text}\n")
    command.chmod(0o755)
    assert pythons.look_at(str(command)) is None
    assert pythons.look_at(str(tmp_path / "python3.13")) is None


def test_each_python_of_the_path_is_found_once(tmp_path, monkeypatch):
    for name in ("python3", "python3.11", "python3.12"):
        (tmp_path / name).symlink_to(sys.executable)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/nowhere")
    assert len(pythons.on_this_machine()) == 1


def test_one_with_a_ready_wheel_is_preferred():
    candidates = [python(11), python(12), python(13)]
    assert pythons.choose(candidates, lambda one: one.version == (3, 12)) == python(12)


@pytest.mark.parametrize(
    ("candidates", "taken"),
    [
        ([python(11), python(12)], python(11)),
        ([python(9), python(13)], python(13)),
        ([python(11, makes_venvs=False), python(10)], python(10)),
    ],
)
def test_first_that_can_be_used_is_taken_without_a_ready_wheel(candidates, taken):
    assert pythons.choose(candidates, lambda one: False) == taken


@pytest.mark.parametrize(
    ("candidates", "told"),
    [
        ([python(9)], r"Python 3\.9 .* is not supported.*PYTHON=python3\.12"),
        ([python(14), python(12, makes_venvs=False)], r"apt-get install python3\.12-venv"),
        ([], r"no Python is on the PATH\. Install one of 3\.10 to 3\.13"),
    ],
)
def test_without_a_usable_one_the_remedy_is_told(candidates, told):
    with pytest.raises(InstallError, match=told):
        pythons.choose(candidates, lambda one: True)


@pytest.mark.parametrize("version", [(3, 9), (3, 14), (2, 7), (4, 0)])
def test_unsupported_python_is_refused_with_the_remedy(version):
    with pytest.raises(InstallError, match=r"PYTHON=python3\.12"):
        pythons.check(Interpreter("python", version))


def test_supported_pythons_are_those_of_the_package(repository):
    settings = configparser.ConfigParser()
    settings.read(repository / "setup.cfg")
    oldest = ".".join(map(str, pythons.OLDEST))
    after = f"{pythons.NEWEST[0]}.{pythons.NEWEST[1] + 1}"
    assert settings["options"]["python_requires"] == f">={oldest},<{after}"
    for minor in range(pythons.OLDEST[1], pythons.NEWEST[1] + 1):
        pythons.check(python(minor))
        assert f"Python :: 3.{minor}\n" in settings["metadata"]["classifiers"] + "\n"


@pytest.mark.parametrize(
    ("name", "told"), [("/bin/false", "no Python that works"), ("/nowhere", "no Python that works")]
)
def test_installer_ends_with_one_line_for_a_wrong_interpreter(repository, tmp_path, name, told):
    command = [sys.executable, str(repository / "tools" / "install.py"), "--python", name]
    done = subprocess.run(
        [*command, "--venv", str(tmp_path / "venv")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert told in done.stderr
    assert done.stderr.strip().count("\n") == 0
    assert not (tmp_path / "venv").exists()
