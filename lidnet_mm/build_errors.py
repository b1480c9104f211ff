"""Errors of building what a config describes, in words that say what to write instead."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import TracebackType
from typing import Any

from mmengine.config import Config
from mmengine.registry import Registry

from lidnet_mm.accepted_arguments import accepted_arguments, meant, nearest

UNKNOWN_TYPE = re.compile(r"^'?(\S+) is not in the (?:\S+::)?(.+?) registry\.")
FAILED = re.compile(r"^Failed to get (\S+)$")
NO_TYPE = re.compile(r'must contain the key "type"')
UNKNOWN_ARGUMENT = re.compile(r"got an unexpected keyword argument '(\w+)'")
MISSING_ARGUMENT = re.compile(r"missing \d+ required (?:positional|keyword-only) arguments?: (.+)$")


class UnknownTypeError(KeyError):
    """A config names a type that is not registered; the message says which there are."""

    def __str__(self) -> str:
        """The message, which KeyError would put into quotes."""
        return str(self.args[0])


class WrongArgumentError(TypeError):
    """A config gives a type an argument that it does not take, or lacks one that it needs."""


def explained(error: Exception, registries: Iterable[Registry]) -> Exception | None:
    """The same error in words that help.

    Args:
        error (Exception): An error that was caught, with its traceback.
        registries (Iterable[Registry]): This package's.

    Returns:
        Exception | None: None for an error that does not come from a name in a config, or says all
        already.
    """
    if isinstance(error, UnknownTypeError | WrongArgumentError):
        return None
    text = str(error.args[0]) if error.args else ""
    if isinstance(error, KeyError) and (match := UNKNOWN_TYPE.search(text)):
        return UnknownTypeError(_which_there_are(match[1], match[2], registries))
    if isinstance(error, KeyError) and NO_TYPE.search(text):
        return _without_type(error)
    if isinstance(error, RuntimeError) and (match := FAILED.search(text)):
        return UnknownTypeError(_which_there_are(match[1], None, registries))
    if isinstance(error, TypeError):
        return _wrong_argument(error, text)
    return None


def _which_there_are(name: str, kind: str | None, registries: Iterable[Registry]) -> str:
    """What a config may name in place of a name that is not registered."""
    bare = name.rpartition(".")[2]
    owners = [each for each in registries if kind is None or each.name == kind]
    for registry in owners:
        registry.import_from_location()
    own = {f"{r.scope}.{entry}" for r in owners for entry in {*r.module_dict, *r.on_demand}}
    others = {entry for each in owners for entry in _of_others(each)}
    what = f"there is no {kind or 'type'} {name!r}"
    for full in sorted(own):
        if full.rpartition(".")[2] == bare and full != name:
            return f"{what}: write {full!r}, with the prefix"
    near = nearest(bare, [full.rpartition(".")[2] for full in own])
    if near:
        full = next(entry for entry in own if entry.rpartition(".")[2] == near)
        what = f"{what}: do you mean {full!r}?"
    else:
        what += meant(name, others) or "."
    return f"{what} lidnet_mm has {', '.join(sorted(own)) or 'none'}"


def _of_others(registry: Registry) -> set[str]:
    """Names of the same kind in the registries beside and above, such as MMDetection's."""
    found: set[str] = set()
    parent = registry.parent
    if parent is not None:
        found |= set(parent.module_dict)
        for scope, child in parent.children.items():
            if scope != registry.scope:
                found |= set(child.module_dict)
    return found


def _without_type(error: KeyError) -> WrongArgumentError | None:
    """Which part of a config says not what is to be built; None before the config is known."""
    part, whole, traceback = None, None, error.__traceback__
    while traceback is not None:
        names = traceback.tb_frame.f_locals
        whole = whole or next((v for v in names.values() if isinstance(v, Config)), None)
        if traceback.tb_frame.f_code.co_name == "build_from_cfg":
            part = names.get("cfg")
        traceback = traceback.tb_next
    place = next(_places(whole, part), None) if whole is not None and part else None
    if place is None:
        return None
    return WrongArgumentError(
        f"{place} has no type, it is {dict(part)}: is its name misspelt, or does a base lack it? "
        "Add type=..."
    )


def _places(node: Any, part: Mapping, place: str = "") -> Iterator[str]:
    """Dotted keys at which a config holds a part."""
    if place and isinstance(node, Mapping) and node == part:
        yield place
    entries = node.items() if isinstance(node, Config | Mapping) else ()
    entries = enumerate(node) if isinstance(node, list | tuple) else entries
    for key, value in entries:
        yield from _places(value, part, f"{place}.{key}" if place else str(key))


def _wrong_argument(error: TypeError, text: str) -> WrongArgumentError | None:
    """What a type takes, where a config gave it something else."""
    built, arguments = _built(error.__traceback__)
    if built is None:
        return None
    name = getattr(built, "__name__", str(built))
    accepted = accepted_arguments(built)
    if (match := UNKNOWN_ARGUMENT.search(text)) and match[1] in arguments:
        if accepted is None:
            return WrongArgumentError(f"{name} takes no {match[1]!r} ({text})")
        guess = meant(match[1], accepted) or "."
        return WrongArgumentError(
            f"{name} takes no {match[1]!r}{guess} It takes {', '.join(accepted) or 'nothing'}"
        )
    if (match := MISSING_ARGUMENT.search(text)) and accepted is not None:
        return WrongArgumentError(f"{name} needs {match[1]}; it takes {', '.join(accepted)}")
    return None


def _built(traceback: TracebackType | None) -> tuple[Callable | None, Mapping]:
    """What MMEngine was about to build where the error arose, and with which arguments."""
    built, arguments = None, {}
    while traceback is not None:
        frame = traceback.tb_frame
        if frame.f_code.co_name == "build_from_cfg" and "obj_cls" in frame.f_locals:
            built, arguments = frame.f_locals["obj_cls"], frame.f_locals["args"]
        traceback = traceback.tb_next
    return built, arguments
