"""One place for the dose and one for the cache of slices, unless a pipeline has its own."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from pprint import pformat
from typing import Any, NamedTuple

from mmengine.config import Config, ConfigDict

from lidnet_mm.apis.config_inheritance import name_of, read_config

SPREAD = ("load_slice", "low_dose")
"""Variables that stand for the transform of their type in all pipelines."""

DATALOADERS = ("train_dataloader", "val_dataloader", "test_dataloader")

DOSE = ("incident_photons", "noise_hu", "dose_fraction", "full_dose_photons", "dose_preset")
"""Settings that exclude each other: a pipeline with one of its own has its own dose."""

OF_BASES = "_base_."
"""How a config file names what it inherits."""


class Step(NamedTuple):
    """A transform of a pipeline.

    Attributes:
        place (tuple): Data loader, data set in it, and number in the pipeline.
        pipeline (list): The pipeline.
        index (int): Its number there.
    """

    place: tuple
    pipeline: list
    index: int

    @property
    def transform(self) -> ConfigDict:
        """Its config."""
        return self.pipeline[self.index]


def data_sets(config: Config) -> Iterator[tuple[tuple, ConfigDict]]:
    """All data sets of the data loaders, those inside wrappers, too.

    Args:
        config (Config): The config.

    Yields:
        tuple[tuple, ConfigDict]: Where it is, and its config.
    """
    waiting = [((name,), config[name].dataset) for name in DATALOADERS if config.get(name)]
    while waiting:
        place, dataset = waiting.pop(0)
        inside = dataset.get("datasets", []) or [dataset.get("dataset")]
        waiting += [((*place, i), part) for i, part in enumerate(inside) if part is not None]
        yield place, dataset


def spread_inherited(config: Config, path: Path, files: Mapping[Path, Sequence[Path]]) -> None:
    """Let inherited pipelines load slices and simulate the dose as a config says at its top.

    A file that inherits pipelines and says ``low_dose = dict(noise_hu=30)`` means all of them. What
    a pipeline that it writes itself has of its own stays.

    Args:
        config (Config): The config of the file; changed.
        path (Path): The file.
        files (Mapping[Path, Sequence[Path]]): What each file inherits from, as of
            :func:`local_files`.
    """
    names = [name for name in SPREAD if config.get(name)]
    bases = [base for base in files.get(path, ()) if _says_something(base, files)]
    if not names or not bases:
        return
    updates: list[tuple[Step, ConfigDict]] = []
    raw = [read_config(base, is_main=False) for base in bases]
    spread = [Config(base.to_dict()) for base in raw]
    for base, file in zip(spread, bases, strict=True):
        spread_inherited(base, file, files)
    copies = OF_BASES in path.read_text(encoding="utf-8")
    for name in names:
        before = next((base[name] for base in raw if base.get(name)), None)
        if before is None:
            continue
        whole, single = _inherited(raw, spread, before.get("type"))
        for step in _steps(config, before.get("type")):
            as_written = whole.get((step.place, _key(step.pipeline)))
            if as_written is None and copies:
                as_written = single.get(_key(step.transform), step.transform)
            if as_written is not None:
                updates.append((step, _updated(as_written, before, config[name])))
    for step, transform in updates:  # at the end: pipelines are compared as they were written
        step.pipeline[step.index] = transform


def spread_options(config: Config, before: Mapping[str, ConfigDict | None]) -> None:
    """Let pipelines follow what options changed at the top, except in what they have of their own.

    Args:
        config (Config): The config with the options; changed.
        before (Mapping[str, ConfigDict | None]): The variables of :data:`SPREAD` without them.

    Raises:
        ValueError: If an option has no effect, as no pipeline follows.
    """
    for name, old in before.items():
        if config.get(name) == old:
            continue
        steps = list(_steps(config, old.get("type"))) if old else []
        if not steps:
            kind = f" with {old.type}" if old else ""
            raise ValueError(
                f"options of {name} have no effect: {name_of(config)} has no pipeline{kind}"
            )
        updated = [_updated(step.transform, old, config[name]) for step in steps]
        if all(new == step.transform for new, step in zip(updated, steps, strict=True)):
            raise ValueError(
                f"options of {name} have no effect: all pipelines of {name_of(config)} have such "
                f"settings of their own; set those, such as {'.'.join(map(str, _option(steps[0])))}"
            )
        for step, new in zip(steps, updated, strict=True):
            step.pipeline[step.index] = new


def _option(step: Step) -> tuple:
    """The keys of an option that names a transform."""
    loader, *inside, index = step.place
    return loader, "dataset", *(f"datasets.{i}" for i in inside), "pipeline", index


def _says_something(file: Path, files: Mapping[Path, Sequence[Path]]) -> bool:
    """Whether a file, or one that it inherits from, names a variable of :data:`SPREAD`."""
    text = file.read_text(encoding="utf-8") if file in files else ""
    return any(name in text for name in SPREAD) or any(
        _says_something(base, files) for base in files.get(file, ())
    )


def _steps(config: Config, kind: str | None) -> Iterator[Step]:
    """All transforms of a type; of all types for None."""
    for place, dataset in data_sets(config):
        pipeline = dataset.get("pipeline", [])
        for index, transform in enumerate(pipeline):
            if kind is None or transform.get("type") == kind:
                yield Step((*place, index), pipeline, index)


def _inherited(raw: list[Config], spread: list[Config], kind: str | None) -> tuple[dict, dict]:
    """Transforms as the files below mean them: by place and pipeline as written, and by content."""
    whole: dict[tuple, ConfigDict] = {}
    single: dict[str, ConfigDict] = {}
    for before, after in zip(raw, spread, strict=True):
        ready = {step.place: step.transform for step in _steps(after, None)}
        for step in _steps(before, kind):
            whole[step.place, _key(step.pipeline)] = ready[step.place]
            single.setdefault(_key(step.transform), ready[step.place])
    return whole, single


def _key(content: Any) -> str:
    """A transform or a pipeline as something to look for."""
    return pformat(content)  # which sorts the keys


def _updated(own: ConfigDict, before: ConfigDict, after: ConfigDict) -> ConfigDict:
    """A transform with what changed at the top, where it had no other value of its own."""
    has_own_dose = any(name in own and own[name] != before.get(name) for name in DOSE)
    updated = own.copy()
    for name in {**before, **after}:
        was, now = (each.get(name, _ABSENT) for each in (before, after))
        is_own = (name in own and own[name] != was) or (name in DOSE and has_own_dose)
        if was == now or is_own:
            continue
        if now is _ABSENT:
            updated.pop(name, None)
        else:
            updated[name] = now
    return updated


_ABSENT = object()
"""Stands for no value."""
