"""Folders written whole or not at all."""

import pytest

from lidnet_mm.datasets.converters.conversion_error import ConversionError
from lidnet_mm.datasets.converters.output.staged_folder import check_destination, staged_folder


def names(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_a_folder_appears_at_the_end(tmp_path):
    with staged_folder(tmp_path / "a" / "out") as staging:
        (staging / "x").write_text("1")
        assert not (tmp_path / "a" / "out").exists()
    assert names(tmp_path) == ["a", "a/out", "a/out/x"]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_nothing_is_left_after_an_error(tmp_path, error):
    with pytest.raises(error), staged_folder(tmp_path / "a" / "b" / "out") as staging:
        (staging / "x").write_text("1")
        raise error
    assert names(tmp_path) == []


def test_an_earlier_folder_is_replaced_only_at_the_end(tmp_path):
    out = tmp_path / "out"
    (out / "volumes").mkdir(parents=True)
    with pytest.raises(RuntimeError), staged_folder(out):
        raise RuntimeError
    assert names(tmp_path) == ["out", "out/volumes"]
    with staged_folder(out) as staging:
        (staging / "annotations").mkdir()
    assert names(tmp_path) == ["out", "out/annotations"]


def test_destinations_that_would_destroy_something_are_refused(tmp_path):
    source, out = tmp_path / "data" / "ct", tmp_path / "out"
    source.mkdir(parents=True)
    for destination, words in (source, "is the source"), (tmp_path / "data", "holds the source"):
        with pytest.raises(ConversionError, match=words):
            check_destination(destination, source, overwrite=True)
    (out / "volumes").mkdir(parents=True)
    with pytest.raises(ConversionError, match="--overwrite"):
        check_destination(out, source)
    check_destination(out, source, overwrite=True)
    (out / "thesis.tex").write_text("")
    with pytest.raises(ConversionError, match=r"thesis\.tex"):
        check_destination(out, source, overwrite=True)
    with pytest.raises(ConversionError, match="no folder"):
        check_destination(out / "thesis.tex", source, overwrite=True)


def test_a_tool_without_the_option_to_overwrite_is_not_told_to_use_it(tmp_path):
    (tmp_path / "volumes").mkdir()
    with pytest.raises(ConversionError, match="exists; remove it, or write to another") as error:
        check_destination(tmp_path, overwrite=None)
    assert "--overwrite" not in str(error.value)


def test_absent_and_empty_destinations_pass(tmp_path):
    check_destination(tmp_path / "new")
    check_destination(tmp_path)
