"""As many classes in a detector as in its data set."""

from collections.abc import Iterator

from mmengine.config import Config
from mmengine.logging import print_log

from lidnet_mm.registry import DATASETS

CLASS_AGNOSTIC = ("rpn_head",)
"""Parts of a detector whose classes are lesion and background, whatever the data set."""


def set_detector_classes(config: Config, name: str) -> None:
    """Give a detector the number of classes of its training data.

    The number that its box head was written for, such as COCO's 80, is replaced in every
    ``num_classes`` of the detector, in lists of heads, mask branches and losses, too, but not in
    the region proposal network. A log line names the places.

    Args:
        config (Config): Config with data loaders, changed in place.
        name (str): Where its detector is: ``'model'``, or ``'model.detector'`` in a LIDnet.
    """
    detector = config.model if name == "model" else config.model.get("detector", {})
    written_for = next(_box_classes(detector), None)
    own = written_for and count_classes(config.get("train_dataloader"))
    if not own or own == written_for:
        return
    places = dict(_places(detector, name, written_for))
    for part in places.values():
        part["num_classes"] = own
    print_log(
        f"num_classes {written_for} -> {own}, the data set's, in {', '.join(places)}",
        logger="current",
    )


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


def _box_classes(detector: dict) -> Iterator[int]:
    """What the box heads say, of one stage or of the second."""
    for part in (detector, detector.get("roi_head") or {}):
        heads = part.get("bbox_head") or []
        for head in heads if isinstance(heads, list | tuple) else [heads]:
            if "num_classes" in head:
                yield head["num_classes"]


def _places(part: object, name: str, classes: int) -> Iterator[tuple[str, dict]]:
    """Name and config of each part with so many classes, at any depth."""
    if isinstance(part, list | tuple):
        for index, item in enumerate(part):
            yield from _places(item, f"{name}.{index}", classes)
    elif isinstance(part, dict):
        if part.get("num_classes") == classes:
            yield name, part
        for key, value in part.items():
            if key not in CLASS_AGNOSTIC:
                yield from _places(value, f"{name}.{key}", classes)
