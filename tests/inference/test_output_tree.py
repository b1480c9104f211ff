"""Outputs that are done, begun, free or taken."""

import multiprocessing
from pathlib import Path

import pytest

from lidnet_mm.inference.output_tree import OutputError, OutputTree, require_apart


def write(tree: OutputTree, text: str = "a", way: str = "way") -> tuple[Path, ...]:
    """Write a file as series ``id``."""
    with tree.begin("id") as part:
        (part / "ct.txt").write_text(text)
        return tree.publish("id", part, Path("below"), "source", way)


def test_done_is_known_and_only_from_this_source_in_this_way(tmp_path):
    tree = OutputTree(tmp_path)
    assert write(tree) == (tmp_path / "below/ct.txt",)
    assert tree.is_done("id", Path("below"), "source", "way")
    assert not tree.is_done("id", Path("below"), "other", "way")
    assert not tree.is_done("id", Path("below"), "source", "other")
    assert not tree.is_done("other", Path("below"), "source", "way")


@pytest.mark.parametrize("damage", ["missing", "shorter", "note"])
def test_what_is_not_whole_is_not_done(tmp_path, damage):
    tree = OutputTree(tmp_path)
    (file,) = write(tree, "abc")
    if damage == "missing":
        file.unlink()
    elif damage == "shorter":
        file.write_text("ab")
    else:
        (tmp_path / ".lidnet_mm/id.json").write_text("{")
    assert not tree.is_done("id", Path("below"), "source", "way")


def test_a_part_that_died_leaves_nothing_in_the_tree(tmp_path):
    tree = OutputTree(tmp_path)
    with pytest.raises(RuntimeError), tree.begin("id") as part:
        (part / "ct.txt").write_text("half")
        raise RuntimeError
    assert not (tmp_path / "below").exists()
    assert not list((tmp_path / ".lidnet_mm").glob("*.part"))


def test_files_of_another_run_are_not_written_over(tmp_path):
    tree = OutputTree(tmp_path)
    write(tree)
    with pytest.raises(OutputError, match=r"ct\.txt exists.*--overwrite"):
        tree.require_free("id", Path("below"), [Path("ct.txt")], "other way")


def test_a_run_that_died_while_moving_files_may_go_on(tmp_path, monkeypatch):
    tree = OutputTree(tmp_path)
    replace = Path.replace

    def die_behind_the_first(self, target):
        replace(self, target)
        if Path(target).name == "1.txt":
            raise KeyboardInterrupt

    with tree.begin("id") as part:
        for name in ("1.txt", "2.txt"):
            (part / name).write_text(name)
        monkeypatch.setattr(Path, "replace", die_behind_the_first)
        with pytest.raises(KeyboardInterrupt):
            tree.publish("id", part, Path(), "source", "way")
        monkeypatch.undo()
    assert not tree.is_done("id", Path(), "source", "way")
    tree.require_free("id", Path(), [Path("1.txt"), Path("2.txt")], "way")


def _hold(folder: Path, held, release) -> None:
    with OutputTree(folder).begin("id"):
        held.set()
        release.wait(30)


def test_two_processes_do_not_write_one_series(tmp_path):
    context = multiprocessing.get_context("fork")
    held, release = context.Event(), context.Event()
    other = context.Process(target=_hold, args=(tmp_path, held, release))
    other.start()
    try:
        assert held.wait(30)
        with pytest.raises(OutputError, match="another process"), OutputTree(tmp_path).begin("id"):
            pass
    finally:
        release.set()
        other.join()


def test_notes_name_nobody(tmp_path):
    tree = OutputTree(tmp_path)
    with tree.begin("id") as part:
        (part / "Jane_Doe.txt").write_text("")
        tree.publish("id", part, Path("Jane_Doe"), "source", "way")
    assert "Jane" not in (tmp_path / ".lidnet_mm/id.json").read_text()


@pytest.mark.parametrize(
    ("source", "target", "words"),
    [
        ("ct", "ct", "is the source"),
        ("ct", "ct/new", "lies in the source"),
        ("ct", ".", "holds the source"),
        ("ct", "link/new", "lies in the source"),
        ("ct/a.nii", "ct/a.nii", "is the source"),
        ("ct/a.nii", "link/a.nii", "is the source"),
        ("ct", "ct/a.nii", "no folder"),
    ],
)
def test_source_and_output_are_apart(tmp_path, source, target, words):
    (tmp_path / "ct").mkdir()
    (tmp_path / "ct" / "a.nii").write_bytes(b"")
    (tmp_path / "link").symlink_to("ct")
    with pytest.raises(ValueError, match=words):
        require_apart(tmp_path / source, tmp_path / target)
    for free in ("ct/b.nii", "ct/out"):
        require_apart(tmp_path / "ct/a.nii", tmp_path / free)
    require_apart(tmp_path / "ct", tmp_path / "out")
