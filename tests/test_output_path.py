"""No output is an input, through whatever name or link."""

import os

import pytest

from lidnet_mm.output_path import (
    OutputPathError,
    check_name,
    check_new_file,
    check_output_file,
    check_output_folder,
    check_own_folder,
    open_lock,
)


@pytest.fixture
def given(tmp_path):
    """A file and a folder that are read, with other names of both."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.nii").write_bytes(b"NDCT")
    (tmp_path / "linked").symlink_to(tmp_path / "data")
    (tmp_path / "b.nii").symlink_to(tmp_path / "data" / "a.nii")
    os.link(tmp_path / "data" / "a.nii", tmp_path / "c.nii")
    return tmp_path


@pytest.mark.parametrize(
    "name", ["data/a.nii", "data/../data/a.nii", "linked/a.nii", "b.nii", "c.nii"]
)
def test_another_name_of_what_is_read_is_refused(given, name):
    with pytest.raises(OutputPathError, match="the NDCT"):
        check_output_file(given / name, [("the NDCT", given / "data" / "a.nii")])
    check_output_file(given / "new.nii", [("the NDCT", given / "data" / "a.nii")])


@pytest.mark.parametrize("name", ["data", "data/", "linked", "data/new", "linked/new/one", "."])
def test_a_folder_that_is_read_holds_it_or_lies_in_it_is_refused(given, name):
    with pytest.raises(OutputPathError, match="the data"):
        check_output_folder(given / name, [("the data", given / "data")])
    check_output_folder(given / "data2", [("the data", given / "data")])


def test_an_input_by_its_own_name_is_named_once(given):
    data, volume = given / "data", given / "data" / "a.nii"
    with pytest.raises(OutputPathError, match=f"^{data} is the data: write to another folder$"):
        check_output_folder(data, [("the data", data)])
    with pytest.raises(OutputPathError, match=f"^{volume} is the NDCT: write to another file$"):
        check_output_file(volume, [("the NDCT", volume)])
    with pytest.raises(OutputPathError, match=f"linked is the data {data}: write"):
        check_output_folder(given / "linked", [("the data", data)])


def test_a_work_dir_may_hold_what_is_read_but_not_lie_in_it(given):
    check_output_folder(given, [("the data", given / "data")], may_hold=True)
    for name in ("data", "linked/new"):
        with pytest.raises(OutputPathError, match="the data"):
            check_output_folder(given / name, [("the data", given / "data")], may_hold=True)


def test_files_of_another_kind_are_never_replaced(given):
    with pytest.raises(OutputPathError, match=r"must end with \.html or \.htm"):
        check_output_file(given / "data" / "a.nii", suffixes=[".html", ".htm"])
    check_output_file(given / "page.HTML", suffixes=[".html"])
    with pytest.raises(OutputPathError, match="is a folder"):
        check_output_file(given / "data")
    with pytest.raises(OutputPathError, match="no folder"):
        check_output_folder(given / "data" / "a.nii")
    (given / "nowhere").symlink_to(given / "gone")
    for name in ("b.nii", "nowhere"):
        with pytest.raises(OutputPathError, match="exists"):
            check_new_file(given / "new", given / name)


@pytest.mark.parametrize("name", ["..", ".", "", "a/b", "/a", "a\\b", "a\nb", "../x"])
def test_a_name_is_no_path(name):
    with pytest.raises(OutputPathError, match="--name"):
        check_name(name, "--name")


@pytest.mark.parametrize("name", ["noise-60hu", "dose 1e06", "..x", "é"])
def test_a_name_is_any_other_text(name):
    check_name(name, "--name")


def test_a_lock_empties_nothing(tmp_path):
    (tmp_path / "thesis.tex").write_text("years")
    (tmp_path / "link").symlink_to(tmp_path / "thesis.tex")
    with pytest.raises(OutputPathError, match=r"link is a link to .*thesis\.tex"):
        open_lock(tmp_path / "link")
    os.close(open_lock(tmp_path / "thesis.tex"))
    assert (tmp_path / "thesis.tex").read_text() == "years"
    os.mkfifo(tmp_path / "pipe")
    for name in (".", "pipe"):
        with pytest.raises(OutputPathError, match="no file"):
            open_lock(tmp_path / name)


def test_a_temporary_folder_is_this_programs_own(tmp_path):
    own = tmp_path / ".out.partial"
    check_own_folder(own, ["volumes"])
    (own / "volumes").mkdir(parents=True)
    check_own_folder(own, ["volumes"])
    (own / "thesis.tex").touch()
    with pytest.raises(OutputPathError, match=r"thesis\.tex"):
        check_own_folder(own, ["volumes"])
    (own / "thesis.tex").unlink()
    (own / "volumes").rmdir()
    (own / "volumes").symlink_to(tmp_path)
    with pytest.raises(OutputPathError, match="is a link"):
        check_own_folder(own, ["volumes"])
