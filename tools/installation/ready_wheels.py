"""Ready wheels: where they may lie, and which fit an interpreter and a PyTorch."""

from __future__ import annotations

import os
import platform
import re
import ssl
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import unquote, urljoin, urlparse
from urllib.request import url2pathname, urlopen

MAKERS_INDEX = "https://mmwheels.onedl.ai"
ANSWER_SECONDS = 5.0
WHEEL = re.compile(
    r"^(?P<name>[A-Za-z0-9_.]+)-(?P<version>[^-]+)(?:-\d[^-]*)?"
    r"-(?P<pythons>[^-]+)-(?P<abis>[^-]+)-(?P<platforms>[^-]+)\.whl$"
)
# The makers' folders, such as cu130-torch2120: CUDA 13.0, PyTorch 2.12.0.
FOLDER = re.compile(r"(?:^|/)(cpu|cu\d+)-torch(\d)(\d+)\d(?=/|$)")


@dataclass(frozen=True, order=True)
class Build:
    """A build of PyTorch: version as (major, minor) and device, ``cpu`` or such as ``cu130``."""

    version: tuple[int, int]
    device: str

    def __str__(self) -> str:
        """Version and device, for messages."""
        return "PyTorch {}.{} ({})".format(*self.version, self.device)

    @property
    def folder(self) -> str:
        """Name of the makers' folder: they group by minor versions, with a zero behind."""
        return "{}-torch{}{}0".format(self.device, *self.version)


@dataclass(frozen=True)
class Wheel:
    """One wheel: its path or URL, the parts of its name, and the PyTorch that its folder names."""

    link: str
    name: str
    version: str
    pythons: tuple[str, ...]
    abis: tuple[str, ...]
    platforms: tuple[str, ...]
    build: Build | None = None

    @property
    def file(self) -> str:
        """Name of the file."""
        return link_name(self.link)

    def is_of(self, name: str, version: str) -> bool:
        """Whether it holds this version of this distribution, with a local version or without."""
        own = self.name.lower().replace("_", "-")
        return own == name and self.version.partition("+")[0] == version

    def fits(self, python: tuple[int, int], build: Build | None = None) -> bool:
        """Whether it is for this interpreter, this machine and, as far as told, this PyTorch."""
        tag = "cp{}{}".format(*python)
        return (
            tag in self.pythons
            and tag in self.abis
            and any(
                name.startswith(("linux", "manylinux")) and name.endswith(platform.machine())
                for name in self.platforms
            )
            and (build is None or self.build in (None, build))
        )


def link_name(link: str) -> str:
    """The last part of a path or URL, as a file name."""
    return unquote(urlparse(link).path.rpartition("/")[2])


def folder_build(link: str) -> Build | None:
    """The PyTorch that a link's folder names, if it is laid out as the makers' are."""
    found = FOLDER.search(unquote(urlparse(link).path))
    return Build((int(found[2]), int(found[3])), found[1]) if found else None


def wheels(links: list[str]) -> list[Wheel]:
    """The wheels among links."""
    found = []
    for link in links:
        parts = WHEEL.match(link_name(link))
        if parts:
            tags = (tuple(parts[key].split(".")) for key in ("pythons", "abis", "platforms"))
            found.append(Wheel(link, parts["name"], parts["version"], *tags, folder_build(link)))
    return found


class Links(HTMLParser):
    """Collects the addresses that a page links to."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.address = address
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the address of a link."""
        target = dict(attrs).get("href")
        if tag == "a" and target:
            self.found.append(urljoin(self.address, target))


def page_links(address: str) -> list[str]:
    """Links of a page; none where there is no such page.

    Raises:
        OSError: If the server does not answer within seconds, or cannot be found.
    """
    own = os.environ.get("PIP_CERT")
    trusted = ssl.create_default_context(cafile=own) if own else None
    try:
        with urlopen(address, timeout=ANSWER_SECONDS, context=trusted) as answer:
            text = answer.read().decode("utf-8", errors="replace")
    except HTTPError as error:
        if error.code in (404, 410):
            return []
        raise
    page = Links(address)
    page.feed(text)
    return page.found


def source_links(source: str) -> list[str]:
    """Links of an entry of ``PIP_FIND_LINKS``: a folder, a file of links, or the URL of one.

    Raises:
        OSError: If it cannot be read.
    """
    kind = urlparse(source).scheme
    if kind in ("http", "https"):
        return page_links(source)
    path = Path(url2pathname(urlparse(source).path)) if kind == "file" else Path(source)
    if path.is_dir():
        return sorted(str(entry.absolute()) for entry in path.iterdir())
    if path.suffix == ".whl":
        return [str(path.absolute())]
    page = Links(path.absolute().as_uri())
    page.feed(path.read_text(encoding="utf-8", errors="replace"))
    return page.found


@dataclass
class Shelf:
    """All places where ready wheels may lie. Each is asked once, a silent one is told of once."""

    sources: list[str]
    makers: str
    told: list[str] = field(default_factory=list)
    """Lines about places that could not be read, for the person who waits."""
    pages: dict[str, list[str]] = field(default_factory=dict)
    makers_answer: bool = True

    @classmethod
    def of_environment(cls) -> Shelf:
        """The places that pip's and mim's own variables name."""
        makers = os.environ.get("MMCV_BASE_URL", MAKERS_INDEX).rstrip("/")
        return cls(os.environ.get("PIP_FIND_LINKS", "").split(), makers)

    def links(self, source: str) -> list[str]:
        """Links of one place; none where it cannot be read."""
        if source not in self.pages:
            try:
                self.pages[source] = source_links(source)
            except (OSError, ValueError) as error:
                self.pages[source] = []
                reason = getattr(error, "reason", None) or error
                self.told.append(f"No wheels from {source}: it does not answer ({reason}).")
                if source.startswith(self.makers):
                    self.makers_answer = False
        return self.pages[source]

    def given(self, name: str, version: str, python: tuple[int, int]) -> list[Wheel]:
        """Wheels of ``PIP_FIND_LINKS`` for an interpreter."""
        found = [wheel for source in self.sources for wheel in wheels(self.links(source))]
        return [wheel for wheel in found if wheel.is_of(name, version) and wheel.fits(python)]

    def made(self, name: str, version: str, python: tuple[int, int], build: Build) -> list[Wheel]:
        """Wheels of the makers for an interpreter and a build of PyTorch."""
        if not self.makers_answer:
            return []
        found = wheels(self.links(f"{self.makers}/{build.folder}/simple/{name}/index.html"))
        return [one for one in found if one.is_of(name, version) and one.fits(python, build)]

    def builds(self) -> list[Build]:
        """Builds of PyTorch that the makers have folders for, the newest first."""
        if not self.makers_answer:
            return []
        found = (folder_build(link) for link in self.links(f"{self.makers}/"))
        return sorted({build for build in found if build is not None}, reverse=True)

    def fitting(
        self, name: str, version: str, python: tuple[int, int], build: Build
    ) -> list[Wheel]:
        """All wheels for an interpreter and a build, those that ``PIP_FIND_LINKS`` names first."""
        given = self.given(name, version, python)
        own = [wheel for wheel in given if wheel.fits(python, build)]
        return own or self.made(name, version, python, build)
