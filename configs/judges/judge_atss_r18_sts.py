# The second judge of the sarcomas, of another family than the detectors trained with.
_base_ = [
    '../_base_/models/atss_r18_small.py',
    '../_base_/datasets/sts_ndct.py',
    '../_base_/schedules/judge_600.py',
    '../_base_/default_runtime.py',
]
model = _base_.detector
default_hooks = dict(checkpoint=dict(interval=100))
