"""Ready wheels, from folders and from an index that is served here as the makers' is laid out."""

import functools
import http.server
import platform
import socket
import threading

import pytest

from installation import ready_wheels
from installation.ready_wheels import Build, Shelf

MACHINE = platform.machine()
CPU = Build((2, 12), "cpu")
CUDA = Build((2, 12), "cu130")


def wheel(tag: str, version: str = "2.3.6", name: str = "onedl_mmcv") -> str:
    return f"{name}-{version}-{tag}-{tag}-manylinux_2_28_{MACHINE}.whl"


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files and folders' links without a log."""

    def log_message(self, *_args):
        pass


@pytest.fixture
def makers(tmp_path):
    """Address of an index with wheels for Python 3.10 and 3.12; its folder is ``index``."""
    root = tmp_path / "index"
    files = {
        "cpu-torch2120": ["cp310", "cp312"],
        "cu130-torch2120": ["cp312"],
        "cpu-torch280": ["cp310"],
        "cpu-torch241": ["cp311"],
    }
    for folder, tags in files.items():
        page = root / folder / "simple" / "onedl-mmcv"
        page.mkdir(parents=True)
        names = [wheel(tag) for tag in tags] + [wheel("cp312", "2.3.5"), "onedl_mmcv-2.3.6.tar.gz"]
        links = "".join(f'<a href="{name}#sha256=0">{name}</a>' for name in names)
        (page / "index.html").write_text(f"<html><body>{links}</body></html>")
    hrefs = "".join(f'<a href="/{folder}/simple/">{folder}</a>' for folder in files)
    (root / "index.html").write_text(f"<html><body>{hrefs}</body></html>")
    handler = functools.partial(Quiet, directory=str(root))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def silent():
    """Address of a server that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def fitting(shelf: Shelf, minor: int, build: Build) -> list[str]:
    found = shelf.fitting("onedl-mmcv", "2.3.6", (3, minor), build)
    return [one.link.partition("#")[0] for one in found]


def test_wheel_of_the_makers_fits_interpreter_version_and_build(makers):
    shelf = Shelf([], makers)
    page = "simple/onedl-mmcv"
    assert fitting(shelf, 12, CPU) == [f"{makers}/cpu-torch2120/{page}/{wheel('cp312')}"]
    assert fitting(shelf, 12, CUDA) == [f"{makers}/cu130-torch2120/{page}/{wheel('cp312')}"]
    assert fitting(shelf, 11, CPU) == []
    assert fitting(shelf, 10, CUDA) == []
    assert fitting(shelf, 12, Build((2, 13), "cpu")) == []  # no such page
    assert shelf.told == []
    assert shelf.makers_answer


def test_builds_of_the_makers_are_read_from_their_folders(makers):
    assert Shelf([], makers).builds() == [CUDA, CPU, Build((2, 8), "cpu"), Build((2, 4), "cpu")]


def test_given_folder_page_and_file_url_come_before_the_makers(makers, tmp_path):
    folder = tmp_path / "with wheels"
    folder.mkdir()
    (folder / wheel("cp312")).touch()
    (folder / wheel("cp313", "2.3.6+local")).touch()
    page = tmp_path / "page.html"
    page.write_text(f'<a href="with%20wheels/{wheel("cp311")}">x</a>')
    shelf = Shelf([folder.as_uri(), str(page)], makers)
    assert fitting(shelf, 12, CPU) == [str(folder / wheel("cp312"))]
    assert fitting(shelf, 13, CPU) == [str(folder / wheel("cp313", "2.3.6+local"))]
    assert fitting(shelf, 11, CPU) == [f"file://{tmp_path}/with%20wheels/{wheel('cp311')}"]
    assert fitting(shelf, 10, CPU)[0].startswith(makers)


def test_given_page_of_another_build_is_passed_over(makers):
    page = f"{makers}/cpu-torch280/simple/onedl-mmcv/index.html"
    shelf = Shelf([page], "http://127.0.0.1:9")
    assert len(fitting(shelf, 10, Build((2, 8), "cpu"))) == 1
    assert fitting(shelf, 10, Build((2, 8), "cu128")) == []


@pytest.mark.parametrize(
    "name",
    [
        wheel("cp312").replace(MACHINE, "other64"),
        wheel("cp312").replace("manylinux_2_28", "win"),
        wheel("cp312", "2.3.7"),
        wheel("cp312", name="mmcv"),
        "onedl_mmcv-2.3.6-cp312-cp312t-linux_x86_64.whl",
        "broken.whl",
    ],
)
def test_wheel_for_something_else_does_not_fit(tmp_path, name):
    (tmp_path / name).touch()
    shelf = Shelf([str(tmp_path)], "http://127.0.0.1:9")
    assert shelf.given("onedl-mmcv", "2.3.6", (3, 12)) == []


def test_silent_index_is_told_of_in_one_line_and_asked_once(silent, monkeypatch):
    monkeypatch.setattr(ready_wheels, "ANSWER_SECONDS", 0.2)
    shelf = Shelf([], silent)
    assert fitting(shelf, 12, CPU) == []
    assert fitting(shelf, 10, CUDA) == []
    assert shelf.builds() == []
    assert len(shelf.told) == 1
    assert "does not answer (timed out)" in shelf.told[0]


@pytest.mark.parametrize("source", ["/nowhere", "http://127.0.0.1:9/", "https://[bad"])
def test_place_that_cannot_be_read_is_told_of(source):
    shelf = Shelf([source], "http://127.0.0.1:9")
    assert shelf.given("onedl-mmcv", "2.3.6", (3, 12)) == []
    assert source in shelf.told[0]
    assert "\n" not in shelf.told[0]


def test_places_are_those_of_pip_and_mim(monkeypatch):
    monkeypatch.setenv("PIP_FIND_LINKS", " /a  http://b/c ")
    monkeypatch.delenv("MMCV_BASE_URL", raising=False)
    assert Shelf.of_environment() == Shelf(["/a", "http://b/c"], ready_wheels.MAKERS_INDEX)
    monkeypatch.setenv("MMCV_BASE_URL", "http://mirror/")
    assert Shelf.of_environment().makers == "http://mirror"
