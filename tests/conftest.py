"""Fixtures shared by all tests."""

import locale
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from browser import Browser

REPOSITORY = Path(__file__).resolve().parents[1]
LOCALE = locale.setlocale(locale.LC_ALL)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what needs a GPU where there is none."""
    if item.get_closest_marker("gpu") and not torch.cuda.is_available():
        pytest.skip("no CUDA device")


@pytest.fixture(autouse=True)
def same_locale() -> Iterator[None]:
    """Undo what SimpleITK does when it writes DICOM: text of other programs would be ASCII."""
    locale.setlocale(locale.LC_ALL, LOCALE)
    yield
    locale.setlocale(locale.LC_ALL, LOCALE)


@pytest.fixture(scope="session")
def repository() -> Path:
    """Root folder of the repository."""
    return REPOSITORY


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder of real CT, from ``$LIDNET_TEST_DATA`` or beside the checkout; skips if absent."""
    default = REPOSITORY.parent / "shared" / "data"
    folder = Path(os.environ.get("LIDNET_TEST_DATA", default))
    if not folder.is_dir():
        pytest.skip("no real CT data: set LIDNET_TEST_DATA to its folder")
    return folder


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A headless browser; the test is skipped where there is none."""
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("no chromium to open the page with")
    browser = Browser(path, tmp_path_factory.mktemp("profile"))
    yield browser
    browser.close()
