# The judge of the STS table: a plain MMDetection detector, trained on NDCT only, then frozen.
_base_ = [
    '../_base_/models/faster-rcnn_r18_small.py',
    '../_base_/datasets/sts_ndct.py',
    '../_base_/schedules/judge_600.py',
    '../_base_/default_runtime.py',
]
model = _base_.detector
default_hooks = dict(checkpoint=dict(interval=100))
