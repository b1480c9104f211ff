"""Variables at the top of configs: which have an effect, so that a misspelt one is not dropped."""

import ast
import inspect
import re
from collections.abc import Iterator, Mapping, Sequence, Set
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.runner import Runner

from lidnet_mm.accepted_arguments import nearest
from lidnet_mm.apis.config_inheritance import SAVED, config_of, shipped_configs

OWN = ("data_root", "dataset_name", "judge", "load_slice", "low_dose")
"""Variables that this package reads."""

OF_MMENGINE = (
    "activation_checkpointing",
    "compile",
    "custom_imports",
    "efficient_conv_bn_eval",
    "find_unused_parameters",
    "model_wrapper_cfg",
    "sync_bn",
)
"""Variables that MMEngine reads besides the arguments of its ``Runner``."""

NOT_FROM_CONFIGS = ("self", "cfg")

READ = frozenset(
    {*OWN, *OF_MMENGINE, *inspect.signature(Runner.__init__).parameters} - {*NOT_FROM_CONFIGS}
)
"""Variables that something reads once a config is complete."""

SPENT = {
    "denoiser": "model (model.denoiser in a LIDnet)",
    "detector": "model.detector (model in a judge)",
    "train_pipeline": "train_dataloader.dataset.pipeline",
    "test_pipeline": "test_dataloader.dataset.pipeline",
}
"""Variables that a config has built others from by the time options arrive, and where to go."""

ELSEWHERE = {
    "optimizer": "optim_wrapper.optimizer",
    "seed": "randomness.seed",
    "window": "model.data_preprocessor.window (HU, of LIDDataPreprocessor)",
}
"""What is often looked for at the top, and where it is."""

INNER = (ast.FunctionDef, ast.ClassDef, ast.Lambda, ast.comprehension)
"""Parts of a file with names of their own."""


def refuse_unread_variables(
    config: Config, files: Mapping[Path, Sequence[Path]], read: frozenset[str] = READ
) -> None:
    """Refuse a variable at the top of a config file that nothing reads.

    A file may have variables of its own: those that it uses itself, those that a file which
    inherits from it uses (``_base_.name``), and those whose name begins with an underscore. Files
    of installed packages to inherit from are not looked at, nor copies that a training saved,
    which hold what was inherited, too. A pipeline or a detector that others were built from may
    stand beside them.

    Args:
        config (Config): The config.
        files (Mapping[Path, Sequence[Path]]): Its file and those below, as of :func:`local_files`.
        read (frozenset[str]): Variables that are read. Defaults to those of a training or test.

    Raises:
        ValueError: If there is one; the message names file, variable, and what was probably meant.
    """
    if next(iter(files)).name.startswith(SAVED):
        return
    used_by_others = {name for file in files for name in _used_of_bases(file)}
    for file in (each for each in files if not _is_part_of_a_package(each)):
        assigned, used = _names(file, files[file])
        for name in assigned:
            is_own = name.startswith("_") or name in used or name in used_by_others
            is_own = is_own or (name in SPENT and _is_part(config.get(name), config))
            if not is_own and name not in read and name in config:
                instead = _instead(name, config, {*read, *used})
                end = "" if instead.endswith("?") else "."
                raise ValueError(
                    f"config {file} sets {name!r}, which nothing reads{instead}{end} A variable of "
                    "your own has to be used in the file, or its name to begin with '_'"
                )


def refuse_unread_option(option: str, config: Config) -> None:
    """Refuse a ``--cfg-options`` key whose variable nothing reads any more.

    Args:
        option (str): Dotted key.
        config (Config): The config without the option.

    Raises:
        ValueError: If it would change nothing; the message says what to set instead.
    """
    name, dot, rest = option.partition(".")
    if name in SPENT:
        raise ValueError(
            f"option {option} has no effect, others were built from {name}: "
            f"set {SPENT[name]}{dot}{rest} instead"
        )
    if name not in READ:
        what = (
            "the config has built others from it"
            if name in config
            else "there is no such variable, and nothing would read it"
        )
        raise ValueError(f"option {option} has no effect, {what}{_instead(option, config, READ)}")


def _instead(option: str, config: Config, known: Set[str]) -> str:
    """What was probably meant, for a message."""
    name, dot, rest = option.partition(".")
    if name in SPENT:
        return f": set {SPENT[name]}{dot}{rest} instead"
    if name in ELSEWHERE:
        return f": do you mean {ELSEWHERE[name]}{dot}{rest}?"
    places = list(_places(config))
    alike = [place for place in places if place.endswith(f".{option}")]
    near = nearest(name, sorted(each for each in known if each != name))
    if near and not alike:
        return f": do you mean {near}{dot}{rest}?"
    alike = alike or [place for place in places if place.endswith(f".{option.rpartition('.')[2]}")]
    return f": do you mean {' or '.join(alike[:3])}?" if alike else ""


def _is_part(value: Any, config: Config) -> bool:
    """Whether a value is found in something that is read."""
    waiting = [config[name] for name in config if name in READ]
    while waiting:
        node = waiting.pop()
        if node == value:
            return True
        waiting += node.values() if isinstance(node, Mapping) else ()
        waiting += node if isinstance(node, list | tuple) else ()
    return False


def _places(node: Any, place: str = "") -> Iterator[str]:
    """Dotted keys of all that a config holds and something reads."""
    if isinstance(node, Config | Mapping):
        for key, value in node.items():
            if place or key in READ:
                yield f"{place}{key}"
                yield from _places(value, f"{place}{key}.")
    elif isinstance(node, list | tuple):
        for index, value in enumerate(node):
            yield from _places(value, f"{place}{index}.")


def _is_part_of_a_package(file: Path) -> bool:
    """Whether a file is of MMDetection, or a part to inherit from of this package."""
    path = file.resolve()
    mmdetection = find_spec("mmdet")  # found, not imported: that takes seconds
    if mmdetection and path.is_relative_to(Path(mmdetection.origin).resolve().parent):
        return True
    return any(path.is_relative_to(home.resolve() / "_base_") for home in shipped_configs())


def _used_of_bases(file: Path) -> set[str]:
    """Variables of others that a file asks for by ``_base_.name``."""
    return set(re.findall(r"_base_\.(\w+)", file.read_text(encoding="utf-8")))


def _names(file: Path, bases: Sequence[Path]) -> tuple[list[str], set[str]]:
    """Names that a config file assigns at its top, and names that it uses."""
    if file.suffix != ".py":  # YAML and JSON have no expressions
        inherited = {key for base in bases for key in config_of(base)}
        return [key for key in config_of(file) if key not in inherited], set()
    # What MMEngine puts in for {{...}} is no variable of this file.
    tree = ast.parse(re.sub(r"\{\{.*?\}\}", "None", file.read_text(encoding="utf-8")))
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    parts = [node for node in ast.walk(tree) if isinstance(node, INNER)]
    inside = {id(name) for part in parts for name in _names_in(part)}
    return (
        [n.id for n in names if isinstance(n.ctx, ast.Store) and id(n) not in inside],
        {n.id for n in names if isinstance(n.ctx, ast.Load)},
    )


def _names_in(part: ast.AST) -> list[ast.Name]:
    """All names in a part of a file."""
    return [node for node in ast.walk(part) if isinstance(node, ast.Name)]
