import pytest
import torch
from mmengine.evaluator import Evaluator
from mmengine.structures import BaseDataElement, InstanceData, PixelData


def test_mmengine_evaluator_runs_both_metrics_from_a_config(textured_slice):
    """Samples as a model returns them, collected and averaged by MMEngine over two batches."""
    evaluator = Evaluator(
        [{"type": "lidnet_mm.ImageQualityMetric"}, {"type": "lidnet_mm.RadiomicsMetric"}]
    )
    evaluator.dataset_meta = {"classes": ("lesion",)}
    for seed, offset in ((0, 4.0), (1, 8.0)):
        ndct = torch.from_numpy(textured_slice(seed, scale=20.0)).float()[None]
        sample = BaseDataElement(metainfo={"img_id": seed, "image_window": (-400, 400)})
        sample.denoised = PixelData(data=ndct + offset)
        sample.ndct = PixelData(data=ndct)
        sample.gt_instances = InstanceData(bboxes=torch.tensor([[5.0, 5, 30, 30], [0, 0, 2, 2]]))
        evaluator.process([sample])
    scores = evaluator.evaluate(2)
    assert scores["image/RMSE_HU"] == pytest.approx(6, rel=1e-4)
    assert (scores["radiomics/num_rois"], scores["radiomics/num_skipped"]) == (2, 2)
    assert scores["radiomics/homogeneity"] > 0
