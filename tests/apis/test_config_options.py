"""What ``--cfg-options`` makes of a command line."""

from argparse import ArgumentParser

import pytest
from mmengine.config import DictAction

from lidnet_mm.apis.config_options import ConfigOptions

PATHS = ["/data/my CT", "/data/my CT (new)/a b", "C:\\My Data", "Bäume und Strauch"]
OTHERS = [
    "a=1", "a=1e-4", "a=True", "a=None", "a=data/sts", "a=1,2", "a=[(1, 2), (3, 4)]", "a=( 1 , 2)",
    "a= 2", "a='x'", "a=", "a=x=y", "a=one, two",
]  # fmt: skip


def parse(words, action=ConfigOptions):
    parser = ArgumentParser()
    parser.add_argument("--cfg-options", nargs="+", action=action)
    return parser.parse_args(["--cfg-options", *words]).cfg_options


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("quote", ["", "'", '"'])
def test_a_path_keeps_its_spaces(path, quote):
    assert parse([f"data_root={quote}{path}{quote}"]) == {"data_root": path}


@pytest.mark.parametrize("pair", OTHERS)
def test_all_else_is_as_in_mmengine(pair):
    assert parse([pair]) == parse([pair], DictAction)


def test_pairs_add_up():
    assert parse(["a=1", "b=2", "--cfg-options", "b=3"]) == {"a": 1, "b": 3}


def test_a_word_that_is_no_pair_is_told(capsys):
    with pytest.raises(SystemExit):
        parse(["data_root", "x"])
    assert "'data_root' is not key=value" in capsys.readouterr().err


def test_every_tool_with_config_options_takes_such_paths(repository):
    tools = list(repository.glob("tools/**/*.py"))
    with_options = [path for path in tools if '"--cfg-options"' in path.read_text()]
    assert {path.stem for path in with_options} >= {"train", "test", "browse_dataset"}
    assert all("action=ConfigOptions" in path.read_text() for path in with_options)
