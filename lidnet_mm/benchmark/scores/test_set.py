"""Whether there is something to score."""

from pathlib import Path

from lidnet_mm.apis.load_config import load_config
from lidnet_mm.coco_json.annotation_file import read_annotation_file


class EmptyTestSetError(ValueError):
    """A test set is missing, or has no slice or no lesion."""


def check_test_set(config: Path, data_root: str) -> None:
    """Refuse a test set without which all scores would be empty.

    Args:
        config (Path): Config of a denoiser.
        data_root (str): Converted data.

    Raises:
        EmptyTestSetError: If there is no annotation file, no slice in it, or no lesion.
        ValueError: If its annotation file is not right.
    """
    loader = load_config(config, {"data_root": data_root}).get("test_dataloader")
    if not loader or not loader.dataset.get("ann_file"):
        return
    path = Path(loader.dataset.get("data_root") or "") / loader.dataset.ann_file
    if not path.is_file():
        raise EmptyTestSetError(
            f"there is no test set {path}: convert the data into {data_root}, give --data-root, or "
            "name the tools that make it in 'prepare'"
        )
    content = read_annotation_file(path).content
    for key, what in (("images", "slice"), ("annotations", "lesion")):
        if not content.get(key):
            raise EmptyTestSetError(
                f"the test set {path} has no {what}: convert the data with patients for testing "
                "(--split)"
            )
