"""Weights from the network, and what is said without one."""

import hashlib
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
import torch

from lidnet_mm.downloaded_weights import MissingDownloadError, downloaded


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        """Nothing on the terminal."""


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """PyTorch's folder of downloads, empty."""
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))
    return tmp_path / "hub" / "checkpoints"


@pytest.fixture
def server(tmp_path, monkeypatch):
    """Address of a server, and the folder that it shows."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "served"
    folder.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", folder
    server.shutdown()
    server.server_close()


def test_is_downloaded_once(hub, server):
    address, folder = server
    name = f"net-{hashlib.sha256(b'weights').hexdigest()[:8]}.pth"
    (folder / name).write_bytes(b"weights")
    assert downloaded(f"{address}/{name}?download=1") == hub / name
    (folder / name).unlink()
    assert downloaded(f"{address}/{name}").read_bytes() == b"weights"


def test_another_file_of_that_name_is_refused(hub, server):
    address, folder = server
    (folder / "net-01234567.pth").write_bytes(b"something else")
    with pytest.raises(MissingDownloadError, match=r"net-01234567\.pth.*invalid hash"):
        downloaded(f"{address}/net-01234567.pth")
    assert list(hub.iterdir()) == []


@pytest.mark.parametrize("reachable", [True, False])
def test_without_it_the_message_says_all(hub, server, reachable):
    """File, folder, address, and what does without."""
    address = server[0] if reachable else "http://127.0.0.1:1"
    with pytest.raises(MissingDownloadError) as caught:
        downloaded(f"{address}/models/resnet50-0676ba61.pth")
    text = str(caught.value)
    reason = "404" if reachable else "refused"
    known = ("resnet50-0676ba61.pth", str(hub), f"{address}/models/resnet50-0676ba61.pth")
    for part in (*known, reason, "model.detector.backbone.init_cfg=None"):
        assert part in text
    assert "\n" not in text
