"""Entries of a comparison's ``methods``: what each trains or scores, and under which names."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmengine.config import Config

from lidnet_mm.apis.load_config import load_config
from lidnet_mm.benchmark.results import METHODS
from lidnet_mm.benchmark.scoring import num_parameters, row_names

UNTOUCHED = ("ldct", "ndct")
"""Rows of images as they are, without a denoiser: the floor and the ceiling."""

KEYS = ("method", "config", "name", "denoiser")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
"""A name that is a part of a folder's name."""


@dataclass(frozen=True)
class MethodEntry:
    """One entry of ``methods``.

    Attributes:
        method (str): One of :data:`~lidnet_mm.benchmark.results.METHODS`.
        config (Path | None): Config of the denoiser; None for LDCT and NDCT.
        name (str | None): Tells entries of one method apart, such as ``wgan_vgg``.
        denoiser (str | None): Name of the denoiser in table and report, such as ``CPCE (L1)``; None
            is the generator's type.
    """

    method: str
    config: Path | None = None
    name: str | None = None
    denoiser: str | None = None

    @property
    def label(self) -> str:
        """Start of its folders' names."""
        return f"{self.method}_{self.name}" if self.name else self.method

    @property
    def is_untouched(self) -> bool:
        """Whether it is images as they are."""
        return self.method in UNTOUCHED

    @property
    def is_trained(self) -> bool:
        """Whether there is something to train, once a seed."""
        return not self.is_untouched and self.method != "classical"


def read_entries(methods: Iterable[Mapping[str, Any]], folder: Path) -> list[MethodEntry]:
    """Read and check ``methods``, so that no error is left for after hours of training.

    Args:
        methods (Iterable[Mapping]): Entries with ``method``, and ``config``, ``name`` and
            ``denoiser`` where they need them.
        folder (Path): Folder that the configs are relative to.

    Returns:
        list[MethodEntry]: The entries, in their order.

    Raises:
        FileNotFoundError: If a config does not exist.
        ValueError: If a method is unknown, an entry stands twice or has a wrong key, no entry has a
            config, or two entries would fill one row.
    """
    entries = [_read(entry, folder) for entry in methods]
    labels = [entry.label for entry in entries]
    for entry in entries:
        if labels.count(entry.label) > 1:
            raise ValueError(
                f"method {entry.label!r} stands twice in the comparison: give each of its entries "
                "a 'name' of its own"
            )
    if not any(entry.config for entry in entries):
        raise ValueError("the comparison trains nothing: give a method a config")
    _check_rows([(entry, load_config(entry.config)) for entry in entries if entry.config])
    return entries


def _read(entry: Mapping[str, Any], folder: Path) -> MethodEntry:
    """One entry, checked as far as it can be alone."""
    method, unknown = entry.get("method"), [key for key in entry if key not in KEYS]
    given = [key for key in KEYS[1:] if entry.get(key) is not None]
    if method not in METHODS:
        raise ValueError(f"unknown method {method!r}: choose from {', '.join(METHODS)}")
    if unknown:
        raise ValueError(f"method {method!r} has unknown keys {unknown}: it takes {list(KEYS)}")
    if method in UNTOUCHED and given:
        raise ValueError(f"method {method!r} is scored as it is: it takes no {given[0]}")
    if method not in UNTOUCHED and not entry.get("config"):
        raise ValueError(f"method {method!r} needs a config")
    for key in given:
        if not isinstance(entry[key], str) or not entry[key].strip():
            raise ValueError(f"{key!r} of method {method!r} must be a text, got {entry[key]!r}")
    if "name" in given and not NAME.fullmatch(entry["name"]):
        raise ValueError(
            f"name {entry['name']!r} of method {method!r} is part of a folder's name: use letters, "
            "digits, '_', '-' and '.'"
        )
    path = (folder / entry["config"]).resolve() if "config" in given else None
    return MethodEntry(method, path, entry.get("name"), entry.get("denoiser"))


def _check_rows(entries: list[tuple[MethodEntry, Config]]) -> None:
    """Refuse a classical method that would need training, and two entries in one row."""
    rows: dict[tuple[str, str, str], str] = {}
    for entry, config in entries:
        if entry.method == "classical" and (count := num_parameters(config)):
            raise ValueError(
                f"method 'classical' trains nothing, but the generator of {entry.config} has "
                f"{count} parameters: call it 'baseline'"
            )
        generator, detector = row_names(config)
        row = (entry.method, entry.denoiser or generator, detector)
        if row in rows:
            raise ValueError(
                f"{rows[row]!r} and {entry.label!r} would be one row ({', '.join(row)}): give one "
                f"a 'denoiser' of its own, such as denoiser='{row[1]} ({entry.name or 'other'})'"
            )
        rows[row] = entry.label
