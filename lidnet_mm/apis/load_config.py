"""Configs with one place for the data root, one for the dose and one for the cache of slices."""

from collections.abc import Iterator
from pathlib import Path

from mmengine.config import Config, ConfigDict

from lidnet_mm.apis.config_inheritance import base_files, read_config
from lidnet_mm.apis.detector_classes import set_detector_classes
from lidnet_mm.apis.inherited_detector import is_lidnet
from lidnet_mm.apis.torchvision_weights import replace_torchvision_weights

DATALOADERS = ("train_dataloader", "val_dataloader", "test_dataloader")
EVALUATORS = ("val_evaluator", "test_evaluator")
SPREAD = ("load_slice", "low_dose")
"""Variables that replace the transform of their type in all pipelines."""

SPENT = {
    "denoiser": "model (model.denoiser in a LIDnet)",
    "detector": "model.detector (model in a judge)",
    "train_pipeline": "train_dataloader.dataset.pipeline",
    "test_pipeline": "test_dataloader.dataset.pipeline",
}
"""Variables that a config has built others from by the time options arrive, and where to go."""


def load_config(path: str | Path, options: dict | None = None) -> Config:
    """Read a config, apply options, and bring data root, dose and slice cache everywhere.

    A config inherits its data loaders and metrics complete with the folder they were written
    for. An overridden top-level ``data_root`` (in a child config, or
    ``--cfg-options data_root=data/mine``) replaces that folder in all of them. A data loader
    that the config points to another folder on purpose, such as an external test set, is left
    as it is. In the same way a top-level ``low_dose`` or ``load_slice`` replaces the transform of
    its type in all pipelines, so that ``--cfg-options low_dose.noise_hu=30`` sets the dose.

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
        ValueError: If an option names a variable that no longer has an effect, or if the bases
            do not fit together.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f"config {path} does not exist")
    config = _renamed(read_config(path))
    _move_data(config, _inherited_root(config))
    if options:
        _refuse_spent(options)
        before = config.get("data_root") or _inherited_root(config)
        config.merge_from_dict(options)
        _move_data(config, before)
    _spread_transforms(config)
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
        filename=str(path.with_name(f"resolved_{path.name}")),
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


def _spread_transforms(config: Config) -> None:
    """Let every pipeline load slices and simulate the dose as the top level says."""
    for transform in filter(None, map(config.get, SPREAD)):
        for dataset in _datasets(config):
            pipeline = dataset.get("pipeline", [])
            for index, step in enumerate(pipeline):
                if step.type == transform.type:
                    pipeline[index] = transform.copy()


def _refuse_spent(options: dict) -> None:
    """Refuse options that would change nothing."""
    for option in options:
        name, dot, rest = option.partition(".")
        if name in SPENT:
            raise ValueError(
                f"option {option} has no effect, others were built from {name}: "
                f"set {SPENT[name]}{dot}{rest} instead"
            )


def _datasets(config: Config) -> Iterator[ConfigDict]:
    """All data sets of the data loaders, those inside wrappers, too."""
    waiting = [config[name].dataset for name in DATALOADERS if config.get(name)]
    while waiting:
        dataset = waiting.pop(0)
        inside = dataset.get("datasets", []) or [dataset.get("dataset")]
        waiting += [part for part in inside if part is not None]
        yield dataset


def _metrics(config: Config) -> Iterator[ConfigDict]:
    """All metrics of the evaluators."""
    for name in EVALUATORS:
        metrics = config.get(name) or []
        yield from metrics if isinstance(metrics, list) else [metrics]
