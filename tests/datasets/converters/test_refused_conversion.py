"""What is refused before anything is written."""

import struct
import zlib

import pytest
from given_cases import Source, case
from PIL import Image

from lidnet_mm.datasets.converters.command_line import run
from lidnet_mm.datasets.converters.conversion_error import ConversionError
from lidnet_mm.datasets.converters.source_case import LeftOut, UnusableCaseError


def test_a_dry_run_writes_nothing(convert, tmp_path):
    assert convert(case("a"), switches=["--dry-run"]).total.slices == 4
    assert [path.name for path in tmp_path.iterdir()] == ["source"]


def test_a_key_inside_the_dataset_is_refused(convert, tmp_path):
    with pytest.raises(ConversionError, match="--key"):
        convert(case("a"), switches=["--key", str(tmp_path / "out" / "key.csv")])


@pytest.mark.parametrize("key", ["file/key.csv", "file/new/key.csv", "source"])
def test_a_key_that_cannot_be_written_is_refused_before_anything_is_read(convert, tmp_path, key):
    (tmp_path / "file").touch()
    never = case("a", read=lambda: pytest.fail("read"))
    with pytest.raises(ConversionError, match=r"--key .* give a file"):
        convert(never, switches=["--key", str(tmp_path / key)])
    assert not (tmp_path / "out").exists()


def test_no_dataset_appears_without_its_key(convert, tmp_path, monkeypatch):
    def full(*_):
        raise OSError("no space left on device")

    key = ["--key", str(tmp_path / "key.csv")]
    with monkeypatch.context() as patch:
        patch.setattr("lidnet_mm.datasets.converters.key_file.write_whole", full)
        with pytest.raises(OSError, match="no space"):
            convert(case("a"), switches=key)
    assert not (tmp_path / "out").exists()
    convert(case("a", read=lambda: pytest.fail("read again")), switches=key)
    assert (tmp_path / "key.csv").read_text().endswith("case_0001,,a,\n")


@pytest.mark.parametrize("size", ["nan", "inf", "-1"])
def test_a_smallest_size_that_is_no_size_is_refused(convert, size):
    with pytest.raises(ConversionError, match="--min-size-mm"):
        convert(case("a"), switches=[f"--min-size-mm={size}"])


def test_a_folder_that_cannot_be_written_is_named(tmp_path, capsys):
    (tmp_path / "source").mkdir()
    (tmp_path / "file").touch()
    out = tmp_path / "file" / "out"
    arguments = [str(tmp_path / "source"), str(out), "--split", "train=1.0"]
    assert run(Source((case("a"),)), "", arguments) == 1
    assert str(tmp_path / "file") in capsys.readouterr().err


def test_source_that_is_missing_or_holds_no_volume(convert, tmp_path):
    with pytest.raises(ConversionError, match=r"no CT volume of given found"):
        convert()
    (tmp_path / "source").rmdir()
    with pytest.raises(ConversionError, match=r"source: no such folder"):
        convert(case("a"))


ANY_ERROR = (
    MemoryError("30 GiB"),
    OverflowError("too large"),
    RuntimeError("of a library"),
    KeyError("tag"),
    AttributeError("no such field"),
    RecursionError("too deep"),
    struct.error("unpack"),
    zlib.error("incorrect header"),
    Image.DecompressionBombError("too many pixels"),
)


@pytest.mark.parametrize("error", ANY_ERROR, ids=lambda error: type(error).__name__)
def test_whatever_a_reader_raises_ends_one_volume_by_name(
    convert, written, warnings_logged, tmp_path, error
):
    def read():
        raise error

    convert(case("a"), case("bad", read=read), case("c"))
    images = written("annotations/train.json")["images"]
    assert {image["patient_id"] for image in images} == {"case_0001", "case_0003"}
    kind = type(error).__name__
    assert f"patient bad: {error}: reading it failed ({kind})" in warnings_logged()
    (entry,) = written("conversion.json")["left_out"]
    assert (entry["case"], entry["what"]) == ("case_0002", "volume")
    assert "bad" not in str(entry)


def test_where_any_unusable_volume_is_an_error_the_patient_is_named(convert, tmp_path):
    def read():
        raise MemoryError("30 GiB")

    with pytest.raises(UnusableCaseError, match=r"^patient bad: 30 GiB: .*MemoryError"):
        convert(case("bad", read=read), stop_at_unusable=True)
    assert not (tmp_path / "out").exists()


def test_where_no_volume_is_usable_the_reasons_come_first(convert):
    def read():
        raise OverflowError("too large")

    with pytest.raises(
        ConversionError, match=r"^no slice could be used \(.*OverflowError.*\); what"
    ):
        convert(case("a", read=read), case("b", read=read))
    left_out = (
        LeftOut("file", "it is cut short", "x.dcm"),
        LeftOut("file", "it is cut short", "y"),
    )
    message = r"^file x\.dcm: it is cut short\. So .*source: no CT volume of given found"
    with pytest.raises(ConversionError, match=message):
        convert(left_out=left_out)


def test_an_older_key_is_never_replaced(convert, tmp_path):
    """Not by --overwrite either; the key of the same patients is what an earlier attempt left."""
    key = tmp_path / "key.csv"
    switches = ["--key", str(key)]
    convert(case("a"), case("b"), switches=switches)
    before = key.read_bytes()
    convert(case("a"), case("b"), switches=[*switches, "--overwrite"])
    never = case("c", read=lambda: pytest.fail("read"))
    with pytest.raises(ConversionError, match="only way back"):
        convert(never, switches=[*switches, "--overwrite"])
    assert key.read_bytes() == before


def test_a_key_that_appears_meanwhile_keeps_both(convert, tmp_path):
    key = tmp_path / "key.csv"

    def read():
        key.write_text("another conversion's")
        return case("a").read()

    with pytest.raises(FileExistsError, match="only way back"):
        convert(case("a", read=read), switches=["--key", str(key)])
    assert key.read_text() == "another conversion's"
    assert not (tmp_path / "out").exists()
    again = case("a", read=lambda: pytest.fail("read again"))
    convert(again, switches=["--key", str(tmp_path / "new.csv")])


def test_a_name_is_no_formula_and_any_bytes(convert, tmp_path):
    """Names of folders: what a spreadsheet would run, and what is no UTF-8."""
    names = ["=HYPERLINK(1)", "-12", "caf\udce9"]
    convert(*map(case, names), switches=["--key", str(tmp_path / "key.csv")])
    rows = (tmp_path / "key.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert sorted(row.split(",")[2] for row in rows) == ["'=HYPERLINK(1)", "-12", "caf\\udce9"]


@pytest.mark.parametrize("name", [".out.lock", ".out.partial"])
def test_what_a_link_at_a_temporary_name_points_to_is_as_it_was(convert, tmp_path, name):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "thesis.tex").write_text("years")
    target = tmp_path / "thesis" if name.endswith("partial") else tmp_path / "thesis" / "thesis.tex"
    (tmp_path / name).symlink_to(target)
    with pytest.raises(ConversionError, match=r"is a link to .*: remove the link"):
        convert(case("a", read=lambda: pytest.fail("read")))
    assert (tmp_path / "thesis" / "thesis.tex").read_text() == "years"
