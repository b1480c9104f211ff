"""Metrics of denoised CT slices, one a file; neither MMDetection nor MMCV's ops are needed."""

from lidnet_mm.evaluation.image_quality_metric import ImageQualityMetric
from lidnet_mm.evaluation.physics_metric import PhysicsMetric
from lidnet_mm.evaluation.radiomics_metric import RadiomicsMetric
from lidnet_mm.evaluation.slice_record_metric import SliceRecordMetric

__all__ = ["ImageQualityMetric", "PhysicsMetric", "RadiomicsMetric", "SliceRecordMetric"]
