"""Config of a LIDnet's detector alone, as plain MMDetection builds and tests it."""

from collections.abc import Iterator, Mapping

import numpy as np
from mmengine.config import Config
from torch import Tensor

from lidnet_mm.models.detector_building import MASK_PARTS
from lidnet_mm.models.lid_detector import LIDDetector

LOW_DOSE = ("lidnet_mm.SimulateLowDose", "lidnet_mm.LoadPairedLDCT")
"""Transforms that a detector alone does without: it takes the volumes as they are."""

DATA_ROOT = "data/lesions"
"""Where the written config looks for data unless told otherwise: no folder of anybody's."""


def plain_config(config: Config, lidnet: LIDDetector, dataset_meta: dict) -> Config:
    """Describe the detector of a LIDnet without the LIDnet.

    It reads slices in HU through the window, the channels, the mean and the standard deviation
    that the LIDnet shows it, and pads as the LIDnet does. Weights to start from, folders and
    everything about the training are left out.

    Args:
        config (Config): Config of the LIDnet.
        lidnet (LIDDetector): Its model.
        dataset_meta (dict): ``classes`` and, where known, ``palette``.

    Returns:
        Config: ``model`` and what ``mim test lidnet_mm`` needs, in no file yet.

    Raises:
        ValueError: If a path of somebody's is left in it.
    """
    model = _without_pretrained(config.model.detector.to_dict())
    for part in MASK_PARTS:  # a LIDnet builds its detector without them, too
        if (model.get("roi_head") or {}).get(part) is not None:
            model["roi_head"][part] = None
    model["data_preprocessor"] = _preprocessor(lidnet)
    test_dataset = {
        "type": "lidnet_mm.CTLesionDataset",
        "data_root": DATA_ROOT,
        "ann_file": "annotations/test.json",
        "test_mode": True,
        "metainfo": dataset_meta,
        "pipeline": _test_pipeline(config),
    }
    plain = {
        "default_scope": "mmdet",
        "custom_imports": {"imports": ["lidnet_mm"], "allow_failed_imports": False},
        "model": model,
        "data_root": DATA_ROOT,
        "test_dataloader": {
            "batch_size": 1,
            "num_workers": 1,
            "sampler": {"type": "DefaultSampler", "shuffle": False},
            "dataset": test_dataset,
        },
        "test_evaluator": {
            "type": "CocoMetric",
            "ann_file": f"{DATA_ROOT}/annotations/test.json",
            "metric": "bbox",
        },
        "test_cfg": {"type": "TestLoop"},
    }
    for place, text in _texts(plain):
        if text.startswith(("/", "~")):
            raise ValueError(
                f"{config.filename}: {place} is the path {text}, which would become public with "
                "the detector; take it out of the config"
            )
    return Config(plain)


def _preprocessor(lidnet: LIDDetector) -> dict:
    """How the LIDnet shows a slice to its detector, for a detector alone."""
    own, bridge = lidnet.data_preprocessor, lidnet.bridge
    return {
        "type": "lidnet_mm.CTDetDataPreprocessor",
        "window": own.image_window,
        "detector_windows": [tuple(window) for window in bridge.windows],
        "mean": _short(bridge.mean),
        "std": _short(bridge.std),
        "pad_divisor": own.pad_divisor,
        "min_size": own.min_size,
    }


def _short(values: Tensor) -> list[float]:
    """Shortest decimal numbers that are these float32."""
    return [float(str(np.float32(value))) for value in values.flatten().tolist()]


def _test_pipeline(config: Config) -> list[dict]:
    """The LIDnet's own, reading the volume as it is in place of a low dose."""
    dataset = config.test_dataloader.dataset
    while "pipeline" not in dataset:  # data sets around data sets
        dataset = dataset["dataset"] if "dataset" in dataset else dataset["datasets"][0]
    pipeline = [dict(t) for t in dataset.pipeline if t["type"] not in LOW_DOSE]
    for transform in pipeline:
        if transform["type"] == "lidnet_mm.PackLIDInputs":
            transform["source"] = "ndct"
    return pipeline


def _without_pretrained(node: object) -> object:
    """A config without weights to start from, which are often somebody's files."""
    if isinstance(node, Mapping):
        if node.get("type") == "Pretrained":
            return None
        return {k: _without_pretrained(v) for k, v in node.items() if k != "pretrained"}
    if isinstance(node, (list, tuple)):
        kept = (_without_pretrained(entry) for entry in node)
        return type(node)(
            new for old, new in zip(node, kept, strict=True) if new is not None or old is None
        )
    return node


def _texts(node: object, place: str = "") -> Iterator[tuple[str, str]]:
    """All strings of a config with the place where they are."""
    if isinstance(node, str):
        yield place.lstrip("."), node
    elif isinstance(node, Mapping):
        for key, value in node.items():
            yield from _texts(value, f"{place}.{key}")
    elif isinstance(node, (list, tuple)):
        for index, value in enumerate(node):
            yield from _texts(value, f"{place}.{index}")
