"""The detector of a trained LIDnet as a plain mmdet checkpoint with its config."""

from pathlib import Path

import mmengine
from mmengine.config import Config

from lidnet_mm.apis.bare_lidnet import build_bare_lidnet
from lidnet_mm.apis.checkpoint_file import checkpoint_content, read_checkpoint
from lidnet_mm.apis.plain_config import plain_config
from lidnet_mm.atomic_write import write_together
from lidnet_mm.models.plain_checkpoint import DETECTOR, TensorMatch
from lidnet_mm.output_path import check_new_file
from lidnet_mm.registry import DATASETS


def export_detector(config: Config, checkpoint: str | Path, out: Path) -> Path:
    """Write the detector of a LIDnet as plain MMDetection knows it.

    Both are written, or none. Neither file holds paths, nor the meta of the training but for the
    names and colours of the classes.

    Args:
        config (Config): Config that trained the LIDnet, of ``load_config``.
        checkpoint (str | Path): Its checkpoint. The averaged weights are taken where an
            ``EMAHook`` made some.
        out (Path): Checkpoint to write, ``*.pth``.

    Returns:
        Path: The config written beside it, ``*.py``.

    Raises:
        ExistingOutputError: If one of both exists.
        FileNotFoundError: If ``checkpoint`` does not exist.
        ValueError: If ``out`` does not end with .pth, or config and checkpoint are not of one
            LIDnet.
    """
    if out.suffix != ".pth":
        raise ValueError(f"{out} must end with .pth: its config is written beside it as .py")
    config_out = out.with_suffix(".py")
    check_new_file(out, config_out)
    lidnet = build_bare_lidnet(config)
    state, meta = read_checkpoint(checkpoint)
    weights = {k.removeprefix(DETECTOR): v for k, v in state.items() if k.startswith(DETECTOR)}
    match = TensorMatch.of(lidnet.detector.state_dict(), weights)
    if not match.complete:
        raise ValueError(
            f"{checkpoint} does not hold the whole detector of {config.filename}: "
            f"{len(match.missing)} tensors are missing {list(match.missing[:3])}, "
            f"{len(match.reshaped)} have another shape {list(match.reshaped)[:3]}, "
            f"{len(match.unknown)} are unknown {list(match.unknown[:3])}; give the checkpoint of a "
            "trained LIDnet and the config that trained it"
        )
    dataset_meta = _dataset_meta(config, meta)
    text = plain_config(config, lidnet, dataset_meta).pretty_text
    about = {
        "dataset_meta": dataset_meta,
        "cfg": text,
        "mmengine_version": mmengine.__version__,
    }
    write_together({config_out: text.encode(), out: checkpoint_content(weights, about)})
    return config_out


def _dataset_meta(config: Config, meta: dict) -> dict:
    """Names and colours of the classes, as trained, else as the config's data set has them."""
    known = meta.get("dataset_meta")
    if not known:
        dataset = config.train_dataloader.dataset
        while "ann_file" not in dataset:  # data sets around data sets
            dataset = dataset["dataset"] if "dataset" in dataset else dataset["datasets"][0]
        known = {**DATASETS.get(dataset.type).METAINFO, **dataset.get("metainfo", {})}
    return {name: known[name] for name in ("classes", "palette") if known.get(name)}
