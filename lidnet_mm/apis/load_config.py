"""Configs with one place for the data root, one for the dose and one for the cache of slices."""

import copy
from collections.abc import Iterator
from pathlib import Path

from mmengine.config import Config, ConfigDict
from mmengine.utils import import_modules_from_strings

from lidnet_mm.apis.config_inheritance import SAVED, base_files, local_files, read_config
from lidnet_mm.apis.config_variables import refuse_unread_option, refuse_unread_variables
from lidnet_mm.apis.detector_classes import set_detector_classes
from lidnet_mm.apis.inherited_detector import is_lidnet
from lidnet_mm.apis.option_paths import refuse_dropped_sections, refuse_lost_option
from lidnet_mm.apis.spread_transforms import SPREAD, data_sets, spread_inherited, spread_options
from lidnet_mm.apis.torchvision_weights import replace_torchvision_weights

EVALUATORS = ("val_evaluator", "test_evaluator")


def load_config(path: str | Path, options: dict | None = None) -> Config:
    """Read a config, apply options, and bring data root, dose and slice cache everywhere.

    A config inherits its data loaders and metrics complete with the folder they were written
    for. An overridden top-level ``data_root`` (in a child config, or
    ``--cfg-options data_root=data/mine``) replaces that folder in all of them. A data loader
    that the config points to another folder on purpose, such as an external test set, is left
    as it is. In the same way what a top-level ``low_dose`` or ``load_slice`` says reaches the
    transforms of its type in all pipelines, so that ``--cfg-options low_dose.noise_hu=30`` sets the
    dose. A setting that one pipeline has of its own stays.

    A LIDnet may inherit its detector from MMDetection's own config of it (:func:`read_config`).
    A detector gets as many classes as its training data has (:func:`set_detector_classes`).

    A relative ``judge`` is looked for beside the config and then beside those it inherits from. It
    becomes a complete path, so that the copy which MMEngine saves in the work dir still names it.

    Args:
        path (str | Path): Config file.
        options (dict, optional): Dotted keys to values, as of ``--cfg-options``.

    Returns:
        Config: The config.

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If the file or an option sets what nothing reads, or if the bases do not fit
            together.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f"config {path} does not exist")
    config = _renamed(read_config(path))
    files = local_files(Path(path))
    refuse_unread_variables(config, files)
    spread_inherited(config, Path(path).absolute(), files)
    _move_data(config, _inherited_root(config))
    if options:
        _take_options(config, options)
    refuse_dropped_sections(config)
    if config.get("model"):
        set_detector_classes(config, "model.detector" if is_lidnet(config) else "model")
    replace_torchvision_weights(config)
    if config.get("judge"):
        config.judge = str(_inherited_path(config.judge, Path(path).absolute()))
    return config


def judge_path(config: Config) -> Path:
    """Config file of the judge that a config names.

    Args:
        config (Config): Config of :func:`load_config`, or any with ``judge``, a complete path or
            one relative to the config file.

    Returns:
        Path: The judge's own config file.

    Raises:
        KeyError: If the config names no judge.
    """
    if not config.get("judge"):
        raise KeyError(f"{config.filename} names no judge: add judge='../judges/<config>.py'")
    return (Path(config.filename).parent / config.judge).resolve()


def _inherited_path(relative: str, config: Path) -> Path:
    """A path written in a config or in one that it inherits from: the first that exists."""
    waiting = [config]
    while waiting:
        file = waiting.pop(0)
        candidate = (file.parent / relative).resolve()
        if candidate.is_file():
            return candidate
        waiting += [base.path for base in base_files(file) if base.scope is None]
    return (config.parent / relative).resolve()


def _renamed(config: Config) -> Config:
    """The config under another file name in the same folder.

    MMEngine saves a run's config under its file name in the work dir. In a checkout, mim would
    then find two files of that name and refuse to choose.
    """
    path = Path(config.filename)
    return Config(
        config.to_dict(),
        cfg_text=config.text,
        filename=str(path.with_name(f"{SAVED}{path.name}")),
        env_variables=config.env_variables,
    )


def _inherited_root(config: Config) -> str | None:
    """Folder that the data loaders were written for, the top-level one if any of them reads it."""
    roots = [dataset.data_root for dataset in _datasets(config) if dataset.get("data_root")]
    return config.get("data_root") if config.get("data_root") in roots else next(iter(roots), None)


def _move_data(config: Config, old: str | None) -> None:
    """Let what reads the old folder, data sets and metrics, read the top-level ``data_root``."""
    new = config.get("data_root")
    if new is None or old is None or new == old:
        return
    for dataset in _datasets(config):
        if dataset.get("data_root") == old:
            dataset.data_root = new
    for metric in _metrics(config):
        annotations = metric.get("ann_file")
        if annotations and Path(annotations).is_relative_to(old):
            metric.ann_file = str(Path(new) / Path(annotations).relative_to(old))


def _take_options(config: Config, options: dict) -> None:
    """Apply options: first those for all pipelines, so that one for a single pipeline stands."""
    for option in options:
        refuse_unread_option(option, config)
        refuse_lost_option(option, config)
    everywhere = {key: value for key, value in options.items() if key.partition(".")[0] in SPREAD}
    root = config.get("data_root") or _inherited_root(config)
    before = {name: copy.deepcopy(config.get(name)) for name in SPREAD}
    config.merge_from_dict(everywhere)
    spread_options(config, before)
    config.merge_from_dict({k: v for k, v in options.items() if k not in everywhere})
    _move_data(config, root)
    if any(option.partition(".")[0] == "custom_imports" for option in options):
        import_modules_from_strings(**config.custom_imports)


def _datasets(config: Config) -> Iterator[ConfigDict]:
    """All data sets of the data loaders, those inside wrappers, too."""
    return (dataset for _, dataset in data_sets(config))


def _metrics(config: Config) -> Iterator[ConfigDict]:
    """All metrics of the evaluators."""
    for name in EVALUATORS:
        metrics = config.get(name) or []
        yield from metrics if isinstance(metrics, list) else [metrics]
