"""Dotted keys that lead nowhere: parts of a config that nothing would read."""

from collections.abc import Iterable, Mapping
from typing import Any

from mmengine.config import Config
from mmengine.logging import print_log
from mmengine.registry import Registry
from mmengine.runner import Runner
from torch.utils.data import DataLoader

from lidnet_mm.accepted_arguments import accepted_arguments, meant
from lidnet_mm.apis.spread_transforms import DATALOADERS
from lidnet_mm.missing_package import needed_by
from lidnet_mm.registry import REGISTRIES, SCOPE

OF_ENVIRONMENT = ("cudnn_benchmark", "mp_cfg", "dist_cfg", "resource_limit")
"""What MMEngine reads of ``env_cfg``; it passes over the rest."""

OF_RANDOMNESS = tuple(accepted_arguments(Runner.set_randomness))
"""What MMEngine takes in ``randomness``."""

OF_HOOKS = ("runtime_info", "timer", "sampler_seed", "logger", "param_scheduler", "checkpoint")
"""Hooks that MMEngine has by itself."""

OF_LOADERS = ("sampler", "batch_sampler", "dataset", "collate_fn", "num_batch_per_epoch")
"""What a data loader's config has besides the arguments of PyTorch's."""

BESIDE_ARGUMENTS = {"optim_wrapper": ("constructor", "paramwise_cfg")}
"""What MMEngine takes out of a config before it builds the rest."""

OF_CONFIGS = ("type", "_delete_", "_scope_", "priority", "convert_to_iter_based")
"""Keys that MMEngine reads wherever something is built."""

FREE = ("custom_keys",)
"""Parts whose keys are names of the user's."""


def refuse_dropped_sections(config: Config) -> None:
    """Refuse keys that MMEngine passes over without a word, or fails on without a name.

    Args:
        config (Config): The config.

    Raises:
        ValueError: If ``env_cfg`` or ``randomness`` has one, a hook has no type, or ``train_cfg``
            has a loop and epochs.
    """
    for section, known in (("env_cfg", OF_ENVIRONMENT), ("randomness", OF_RANDOMNESS)):
        for name in config.get(section) or {}:
            if name not in known:
                raise ValueError(
                    f"{section} has {name!r}, which nothing reads{meant(name, known) or '.'} It "
                    f"takes {', '.join(known)}"
                )
    hooks = config.get("default_hooks") or {}
    for name, hook in hooks.items():
        if isinstance(hook, Mapping) and "type" not in hook:
            others = [each for each in (*OF_HOOKS, *hooks) if each != name]
            raise ValueError(
                f"default_hooks.{name} has no type{meant(name, others) or '.'} A hook of your own "
                "needs one"
            )
    loop = config.get("train_cfg") or {}
    if "type" in loop and "by_epoch" in loop:
        raise ValueError(
            f"train_cfg has type={loop['type']!r} and by_epoch, of which MMEngine takes one: leave "
            "by_epoch out, or replace all of train_cfg with _delete_=True"
        )


def refuse_lost_option(option: str, config: Config) -> None:
    """Refuse a dotted key that what is built there does not take.

    Arguments of other packages' classes are refused here only where they are like one that exists:
    some are taken out before the class is built. A wrong one fails when it is.

    Args:
        option (str): Dotted key.
        config (Config): The config without it.

    Raises:
        ValueError: If nothing would read it; the message says what there is.
    """
    node: Any = config
    keys = option.split(".")
    for depth, key in enumerate(keys):
        where = ".".join(keys[:depth])
        if isinstance(node, list | tuple):
            node = _entry(node, key, where, option, is_last=depth == len(keys) - 1)
        elif isinstance(node, Mapping | Config):
            if key not in node:
                if depth and key not in OF_CONFIGS and keys[depth - 1] not in FREE:
                    _refuse_new_key(key, node, where, option)
                return
            node = node[key]
        elif node is not None:
            raise ValueError(
                f"option {option} leads nowhere: {where} is {node!r}, which has no {key!r}"
            )


def _entry(node: list | tuple, key: str, where: str, option: str, is_last: bool) -> Any:
    """An entry of a list that an option names."""
    if isinstance(node, tuple) or not key.isdigit() or int(key) >= len(node):
        count = f"has entries 0 to {len(node) - 1}" if node else "is an empty list"
        raise ValueError(f"option {option} leads nowhere: {where} {count}, not {key!r}")
    if is_last and not isinstance(node[int(key)], Mapping):
        raise ValueError(f"option {option}: give {where} as a whole, it is {list(node)}")
    return node[int(key)]


def _refuse_new_key(key: str, node: Mapping, where: str, option: str) -> None:
    """Refuse a key that a part of the config does not have and nothing takes there."""
    existing = [name for name in node if name not in OF_CONFIGS]
    accepted, is_strict = _accepted(node, where)
    if key in accepted:
        return
    guess = meant(key, [*accepted, *existing])
    if is_strict:
        raise ValueError(
            f"option {option} has no effect: {where} takes no {key!r}{guess or '.'} It takes "
            f"{', '.join(accepted)}"
        )
    if guess:
        raise ValueError(f"option {option} has no effect: {where} has no {key!r}{guess}")
    print_log(f"option {option}: {where} had no {key!r} before", "current", level=30)


def _accepted(node: Mapping, where: str) -> tuple[Iterable[str], bool]:
    """What may stand in a part of a config, and whether nothing else may."""
    if where in DATALOADERS:
        return list(dict.fromkeys([*accepted_arguments(DataLoader), *OF_LOADERS])), True
    if where == "env_cfg":
        return OF_ENVIRONMENT, True
    built = _registered(node.get("type"))
    accepted = accepted_arguments(built) if built is not None else None
    if accepted is None:
        return (), False
    beside = BESIDE_ARGUMENTS.get(where, ())
    return [*accepted, *beside], str(node["type"]).startswith(f"{SCOPE}.") or bool(beside)


def _registered(kind: Any) -> Any:
    """Class or function of a type's name; None where it is not one."""
    if not isinstance(kind, str):
        return kind
    scope, _, name = kind.rpartition(".")
    owners: list[Registry] = list(REGISTRIES)
    if scope == SCOPE:
        for owner in REGISTRIES:
            if name in owner.on_demand:
                return owner.get(name)
    else:
        with needed_by(f"an option of {kind}"):
            from mmdet import registry as of_mmdet  # slow, and seldom needed

        owners = [each for each in vars(of_mmdet).values() if isinstance(each, Registry)]
    for owner in owners:
        owner.import_from_location()
        for registry in (owner, owner.parent):
            if registry is not None and name in registry.module_dict:
                return registry.module_dict[name]
    return None
