"""What ``--help`` of every converter says."""

import re
import runpy
import sys

import pytest

from lidnet_mm.datasets.converters.output.volume_files import STORES


def tools(repository):
    """The tools that convert a source, by file name."""
    folder = repository / "tools" / "dataset_converters"
    return [
        path for path in sorted(folder.glob("*.py")) if "command_line import" in path.read_text()
    ]


def test_help_tells_the_layout_an_example_and_the_options(repository, monkeypatch, capsys):
    paths = tools(repository)
    assert {"cad_pe", "deeplesion", "fumpe", "luna16", "msd_lung"} <= {path.stem for path in paths}
    for path in paths:
        monkeypatch.setattr(sys, "argv", [str(path), "--help"])
        with pytest.raises(SystemExit) as ended:
            runpy.run_path(str(path), run_name="__main__")
        assert not ended.value.code
        text = capsys.readouterr().out
        assert re.search(rf"Example:\s.*dataset_converters[:/]{path.stem}(\.py)? ", text), path
        assert not re.search(r"\S {4,}--", text), f"{path}: a line of the example is not continued"
        assert f"--store {{{','.join(STORES)}}}" in text
