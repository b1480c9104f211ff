"""As many classes in the detector as in the data set."""

from collections.abc import Iterator

from mmengine.config import Config
from mmengine.logging import print_log

from lidnet_mm.registry import DATASETS

COCO_CLASSES = 80
CLASS_AGNOSTIC = ("rpn_head",)
"""Parts of a detector whose classes are lesion and background, whatever the data set."""


def count_classes(dataloader: dict | None) -> int | None:
    """Number of classes of a data loader's data set.

    Args:
        dataloader (dict, optional): Config. Its data set may be wrapped.

    Returns:
        int | None: The number; None if there is no data set or it does not know its classes.
    """
    dataset = (dataloader or {}).get("dataset")
    while dataset and (dataset.get("dataset") or dataset.get("datasets")):
        dataset = dataset.get("dataset") or dataset["datasets"][0]
    kind = dataset and DATASETS.get(dataset["type"])
    if not hasattr(kind, "METAINFO"):
        return None
    classes = kind._load_metainfo(dataset.get("metainfo")).get("classes")
    return len(classes) if classes else None


def set_detector_classes(config: Config, written_for: int | None = None) -> None:
    """Give the detector of a LIDnet the number of classes of its training data.

    Every ``num_classes`` in ``model.detector`` that equals the number it was written for is
    replaced, outside the region proposal network. A log line names them.

    Args:
        config (Config): Config of a LIDnet, changed in place.
        written_for (int, optional): Classes of the data set that the detector's config was
            written for. Defaults to COCO's 80.
    """
    written_for = written_for or COCO_CLASSES
    heads = dict(_heads(config.model.detector, "detector", written_for))
    own = heads and count_classes(config.get("train_dataloader") or config.get("test_dataloader"))
    if not own or own == written_for:
        return
    for head in heads.values():
        head["num_classes"] = own
    print_log(
        f"num_classes {written_for} -> {own}, the data set's, in {', '.join(heads)}",
        logger="current",
    )


def _heads(part: object, name: str, classes: int) -> Iterator[tuple[str, dict]]:
    """Name and config of each part with so many classes, at any depth."""
    if isinstance(part, list | tuple):
        for index, item in enumerate(part):
            yield from _heads(item, f"{name}.{index}", classes)
    elif isinstance(part, dict):
        if part.get("num_classes") == classes:
            yield name, part
        for key, value in part.items():
            if key not in CLASS_AGNOSTIC:
                yield from _heads(value, f"{name}.{key}", classes)
