"""``python -m lidnet_mm``: the tools by name, and what a wrong name is told."""

import subprocess
import sys

import pytest

from lidnet_mm import __main__ as command


def test_help_lists_every_tool_and_is_no_error(capsys):
    with pytest.raises(SystemExit) as ended:
        command.main(["--help"])
    assert not ended.value.code
    listed = [line.strip() for line in capsys.readouterr().out.splitlines()[1:]]
    assert listed == list(command.tools())


@pytest.mark.parametrize(
    ("name", "offered"),
    [("denois", "denoise"), ("luna16", "dataset_converters:luna16")],
)
def test_close_name_is_offered_alone(name, offered, capsys):
    with pytest.raises(SystemExit) as ended:
        command.main([name])
    assert ended.value.code == command.NO_TOOL
    assert f"there is no tool {name!r}: choose from {offered};" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["zzzz"]])
def test_without_a_close_name_all_are_offered(arguments, capsys):
    with pytest.raises(SystemExit):
        command.main(arguments)
    assert ", ".join(command.tools()) in capsys.readouterr().err


def test_installer_away_from_a_checkout_makes_nothing(repository, tmp_path):
    tools, elsewhere = tmp_path / "tools", tmp_path / "elsewhere"
    (tools / "installation").mkdir(parents=True)
    elsewhere.mkdir()
    for path in [repository / "tools/install.py", *repository.glob("tools/installation/*.py")]:
        (tmp_path / path.relative_to(repository)).write_bytes(path.read_bytes())
    done = subprocess.run(
        [sys.executable, str(tools / "install.py")],
        cwd=elsewhere,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "is no checkout" in done.stderr
    assert not list(elsewhere.iterdir())
