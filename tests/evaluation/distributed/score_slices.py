"""One process of a distributed test: scores slices and leaves what the metrics said behind.

Started by ``test_gathering.py`` as ``torch.distributed.run --nproc_per_node N THIS BATCH FOLDER``.
Nothing is trained: what counts is what becomes of the predictions of the processes.
"""

import json
import os
import sys
import uuid
from pathlib import Path

import torch
import torch.distributed as dist
from mmengine.config import Config
from mmengine.model import BaseModel
from mmengine.runner import Runner
from mmengine.structures import InstanceData, PixelData

from lidnet_mm.apis.process_group import join_processes
from lidnet_mm.registry import MODELS

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "engine"))
from conftest import SIDE, SlicesInMemory

COUNT = 5


@MODELS.register_module()
class Guesser(BaseModel):
    """Finds each lesion a little beside it, by a slice's number, and by what a buffer says."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))  # a wrapper wants one
        self.register_buffer("aside", torch.zeros(1))

    def forward(self, inputs, data_samples, ndct, mode):
        for image, reference, sample in zip(inputs, ndct, data_samples, strict=True):
            shift = 3 * sample.img_id + self.aside
            found = sample.gt_instances.bboxes + torch.tensor([1.0, 0, 1, 0]) * shift
            wrong = torch.tensor([[0.0, 0, 9, 9 + sample.img_id]])
            sample.pred_instances = InstanceData(
                bboxes=torch.cat((found, wrong)),
                scores=torch.tensor([0.9, 0.5]) / (1 + sample.img_id % 3),
                labels=torch.zeros(2, dtype=torch.long),
            )
            sample.denoised = PixelData(data=0.5 * (image + reference) + self.aside)
            sample.ndct = PixelData(data=reference)
            place = {"patient_id": f"case_{sample.img_id % 2}", "slice_index": sample.img_id}
            sample.set_metainfo({**place, "spacing": (0.5, 2.0)})
        return data_samples


def write_annotations(path: Path) -> None:
    """The lesions of the slices in COCO's format."""
    boxes = [item["data_samples"].gt_instances.bboxes[0].tolist() for item in SlicesInMemory(COUNT)]
    images = [{"id": n, "width": SIDE, "height": SIDE, "file_name": str(n)} for n in range(COUNT)]
    lesions = [
        {
            "id": n + 1,
            "image_id": n,
            "category_id": 1,
            "bbox": [x, y, x2 - x, y2 - y],
            "area": (x2 - x) * (y2 - y),
            "iscrowd": 0,
        }
        for n, (x, y, x2, y2) in enumerate(boxes)
    ]
    categories = [{"id": 1, "name": "lesion"}]
    text = json.dumps({"images": images, "annotations": lesions, "categories": categories})
    path.write_text(text, encoding="utf-8")


def main(batch_size: int, folder: Path) -> None:
    """Test and save the metrics."""
    config = Config({})
    rank = int(os.environ["RANK"])
    join_processes(config, "pytorch" if os.environ["WORLD_SIZE"] != "1" else "none")
    annotations = folder / f"annotations{rank}.json"
    write_annotations(annotations)
    window = (-300, 500)
    runner = Runner(
        model={"type": "lidnet_mm.Guesser"},
        work_dir=str(folder / "work"),
        test_dataloader={
            "batch_size": batch_size,
            "num_workers": 0,
            "drop_last": False,
            "dataset": SlicesInMemory(COUNT),
            "sampler": {"type": "DefaultSampler", "shuffle": False},
        },
        test_cfg={"type": "TestLoop"},
        test_evaluator=[
            {"type": "CocoMetric", "ann_file": str(annotations), "metric": "bbox"},
            {"type": "lidnet_mm.ImageQualityMetric", "window": window},
            {"type": "lidnet_mm.RadiomicsMetric", "window": window},
            {
                "type": "lidnet_mm.PhysicsMetric",
                "window": window,
                "spacing": (0.7, 0.7),
                "out_file": str(folder / f"by_rank{rank}" / "physics.json"),
            },
            {
                "type": "lidnet_mm.SliceRecordMetric",
                "out_file": str(folder / f"by_rank{rank}" / "records.json"),
                "window": window,
                "texture_window": window,
            },
        ],
        default_hooks={"same_buffers": {"type": "lidnet_mm.SameBuffersHook"}},
        launcher=config.launcher,
        default_scope="mmdet",
        cfg={"model_wrapper_cfg": config.get("model_wrapper_cfg")},
        experiment_name=uuid.uuid4().hex,
    )
    model = getattr(runner.model, "module", runner.model)
    model.aside.fill_(5 * rank)  # as if each process had learnt other statistics
    torch.save(runner.test(), folder / f"rank{rank}.pt")
    if dist.is_initialized():
        dist.destroy_process_group()


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
