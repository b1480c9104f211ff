"""Configs with one place for the data root."""

from pathlib import Path

from mmengine.config import Config, ConfigDict

DATALOADERS = ("train_dataloader", "val_dataloader", "test_dataloader")
EVALUATORS = ("val_evaluator", "test_evaluator")


def load_config(path: str | Path, options: dict | None = None) -> Config:
    """Read a config, apply options, and bring ``data_root`` everywhere it is needed.

    A config inherits its data loaders and metrics complete with the folder they were written
    for. An overridden top-level ``data_root`` (in a child config, or
    ``--cfg-options data_root=data/mine``) replaces that folder in all of them.

    Args:
        path (str | Path): Config file.
        options (dict, optional): Dotted keys to values, as of ``--cfg-options``.

    Returns:
        Config: The config.

    Raises:
        FileNotFoundError: If the file does not exist.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f"config {path} does not exist")
    config = _renamed(Config.fromfile(str(path)))
    if options:
        config.merge_from_dict(options)
    root = config.get("data_root")
    if root is not None:
        for name in DATALOADERS:
            if config.get(name):
                _move_dataset(config[name].dataset, root, config)
    return config


def judge_path(config: Config) -> Path:
    """Config file of the judge that a config names.

    Args:
        config (Config): Config with ``judge``, a path relative to the config file or a complete
            path.

    Returns:
        Path: The judge's own config file.

    Raises:
        KeyError: If the config names no judge.
    """
    if not config.get("judge"):
        raise KeyError(f"{config.filename} names no judge: add judge='../judges/<config>.py'")
    return (Path(config.filename).parent / config.judge).resolve()


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


def _move_dataset(dataset: ConfigDict, root: str, config: Config) -> None:
    """Give the dataset, and the metrics that read its annotations, another root."""
    old = dataset.get("data_root")
    if old == root:
        return
    dataset.data_root = root
    for name in EVALUATORS:
        metrics = config.get(name) or []
        for metric in metrics if isinstance(metrics, list) else [metrics]:
            annotations = metric.get("ann_file")
            if annotations and old and Path(annotations).is_relative_to(old):
                metric.ann_file = str(Path(root) / Path(annotations).relative_to(old))
