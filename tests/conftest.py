"""Fixtures shared by all tests."""

import locale
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
LOCALE = locale.setlocale(locale.LC_ALL)


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
