"""Entries of a comparison's ``methods``: what each trains or scores, and under which names."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from lidnet_mm.benchmark.matrix.folder_name import folder_name
from lidnet_mm.benchmark.matrix.given_detector import GIVEN_BY, GUIDED
from lidnet_mm.benchmark.scores.results import METHODS

UNTOUCHED = ("ldct", "ndct")
"""Rows of images as they are, without a denoiser: the floor and the ceiling."""

TEXTS = ("config", "name", "denoiser", "detector")
AXES = ("denoisers", "datasets", "doses", "seeds")
KEYS = ("method", *TEXTS, "options", "along", *AXES)
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
"""A name that is a part of a folder's name."""


@dataclass(frozen=True)
class MethodEntry:
    """One line of a table before its seeds: a method with one denoiser.

    Attributes:
        method (str): One of :data:`~lidnet_mm.benchmark.scores.results.METHODS`.
        config (Path | None): Config of the denoiser; None for LDCT and NDCT.
        name (str | None): Tells entries of one method apart, such as ``wgan_vgg``.
        denoiser (str | None): Name of the denoiser in table and report, such as ``CPCE (L1)``; None
            is the generator's type.
        along (int | None): Iterations between checkpoints that the main judge scores, too; None for
            the last alone.
        detector (str | None): ``'judge'`` for a LIDnet whose detector begins with the weights of
            the main judge; None for one that trains its own.
    """

    method: str
    config: Path | None = None
    name: str | None = None
    denoiser: str | None = None
    along: int | None = None
    detector: str | None = None

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


@dataclass(frozen=True)
class MethodPlan:
    """One entry of ``methods`` as it is written: a line of each denoiser, dataset and dose.

    Attributes:
        entry (MethodEntry): Method, config, name and, of an entry for one denoiser, its name.
        options (dict[str, Any]): Dotted keys to values, as of ``--cfg-options``.
        only (dict[str, tuple]): Values to which it is restricted, by axis: ``denoisers``,
            ``datasets``, ``doses``, ``seeds``. An axis that is absent is taken whole.
    """

    entry: MethodEntry
    options: dict[str, Any] = field(default_factory=dict)
    only: dict[str, tuple] = field(default_factory=dict)

    def takes(self, axis: str, value: Any) -> bool:
        """Whether it has a line for a value of an axis."""
        return axis not in self.only or value in self.only[axis]

    def entry_for(self, config: Path | None, denoiser: str | None) -> MethodEntry:
        """The line for one denoiser of a matrix.

        Args:
            config (Path | None): Its generated config.
            denoiser (str | None): Name of the denoiser; None for one that the entry names itself.

        Returns:
            MethodEntry: Named after the denoiser, too, so that no two share a folder.
        """
        own = self.entry
        parts = [own.name] if own.name else []
        if denoiser is not None or (own.denoiser and not own.name):
            parts.append(folder_name(denoiser or own.denoiser))
        return replace(
            own, config=config, name="_".join(parts) or None, denoiser=denoiser or own.denoiser
        )


def read_methods(methods: Iterable[Mapping[str, Any]], folder: Path) -> list[MethodPlan]:
    """Read and check ``methods``, so that no error is left for after hours of training.

    Args:
        methods (Iterable[Mapping]): Entries with ``method``, and ``config``, ``name``,
            ``denoiser``, ``options`` and values of the axes where they need them.
        folder (Path): Folder that the configs are relative to.

    Returns:
        list[MethodPlan]: The entries, in their order.

    Raises:
        ValueError: If a method is unknown, or an entry has a wrong key or value.
    """
    return [_read(entry, folder) for entry in methods]


def _read(entry: Mapping[str, Any], folder: Path) -> MethodPlan:
    """One entry, checked as far as it can be alone."""
    method, unknown = entry.get("method"), [key for key in entry if key not in KEYS]
    given = [key for key in KEYS[1:] if entry.get(key) is not None]
    if method not in METHODS:
        raise ValueError(f"unknown method {method!r}: choose from {', '.join(METHODS)}")
    if unknown:
        raise ValueError(f"method {method!r} has unknown keys {unknown}: it takes {list(KEYS)}")
    if method in UNTOUCHED and (wrong := [k for k in given if k not in ("datasets", "doses")]):
        raise ValueError(f"method {method!r} is scored as it is: it takes no {wrong[0]}")
    for key in (key for key in given if key in TEXTS):
        if not isinstance(entry[key], str) or not entry[key].strip():
            raise ValueError(f"{key!r} of method {method!r} must be a text, got {entry[key]!r}")
    if "name" in given and not NAME.fullmatch(entry["name"]):
        raise ValueError(
            f"name {entry['name']!r} of method {method!r} is part of a folder's name: use letters, "
            "digits, '_', '-' and '.'"
        )
    if "denoiser" in given and "denoisers" in given:
        raise ValueError(
            f"method {method!r} has both 'denoiser', the name of the one in its config, and "
            "'denoisers', those of the matrix: give one"
        )
    if not isinstance(entry.get("options") or {}, Mapping):
        raise ValueError(f"'options' of method {method!r} must be a dict, as of --cfg-options")
    if "along" in given:
        _check_along(entry["along"], method)
    if "detector" in given:
        _check_detector(entry["detector"], method)
    path = (folder / entry["config"]).resolve() if "config" in given else None
    only = {axis: _values(entry[axis], axis, method) for axis in AXES if axis in given}
    plain = {key: entry.get(key) for key in ("name", "denoiser", "along", "detector")}
    own = MethodEntry(method, path, **plain)
    return MethodPlan(own, dict(entry.get("options") or {}), only)


def _check_along(interval: Any, method: str) -> None:
    """Refuse what is no interval, and a method without a training to go along."""
    if not MethodEntry(method).is_trained:
        raise ValueError(f"method {method!r} trains nothing: it takes no 'along'")
    if not isinstance(interval, int) or isinstance(interval, bool) or interval < 1:
        raise ValueError(
            f"'along' of method {method!r} must be a number of iterations, got {interval!r}"
        )


def _check_detector(detector: str, method: str) -> None:
    """Refuse a detector that nobody gives, and a method without one."""
    if method not in GUIDED:
        raise ValueError(f"method {method!r} has no detector: it takes no 'detector'")
    if detector != GIVEN_BY:
        raise ValueError(
            f"'detector' of method {method!r} must be {GIVEN_BY!r}, the main judge, got "
            f"{detector!r}; without it LIDnet trains its own"
        )


def _values(values: Any, axis: str, method: str) -> tuple:
    """Values of an axis, at least one."""
    if not isinstance(values, list | tuple) or not values:
        raise ValueError(f"{axis!r} of method {method!r} must be a list of some, got {values!r}")
    return tuple(values)
