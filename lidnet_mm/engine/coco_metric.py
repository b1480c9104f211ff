"""MMDetection's average precision on the boxes that the data set shows."""

from typing import Any

from mmengine.fileio import get

from lidnet_mm.coco_json.annotation_file import parse_annotations
from lidnet_mm.missing_package import needed_by
from lidnet_mm.registry import METRICS

with needed_by("CocoMetric"):
    from mmdet.datasets.api_wrappers import COCO
    from mmdet.evaluation import CocoMetric as MMDetCocoMetric


@METRICS.register_module()
class CocoMetric(MMDetCocoMetric):
    """MMDetection's ``CocoMetric``, which reads the annotation file as ``CTLesionDataset`` does.

    The two differ where a file was made by hand: pycocotools takes one box for all that share an
    id, finds none whose id is 0, and stops at one without area or ``iscrowd``.

    Args:
        *args: As for ``mmdet.CocoMetric``, without the annotation file.
        ann_file (str, optional): COCO json. Defaults to None, the samples' own boxes.
        **kwargs: As for ``mmdet.CocoMetric``.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is not COCO, or a record is not right.
    """

    def __init__(self, ann_file: str | None = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(None, *args, **kwargs)
        if ann_file is None:
            return
        content = parse_annotations(get(ann_file, self.backend_args), str(ann_file)).content
        if kwargs.get("sort_categories"):
            content["categories"].sort(key=lambda category: category["id"])
        self._coco_api = COCO()
        self._coco_api.dataset = content
        self._coco_api.createIndex()
        self._coco_api.img_ann_map = self._coco_api.imgToAnns
        self._coco_api.cat_img_map = self._coco_api.catToImgs
