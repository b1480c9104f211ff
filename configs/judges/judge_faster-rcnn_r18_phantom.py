# The judge of the demo: a plain MMDetection detector, trained on NDCT only, then frozen.
_base_ = [
    '../_base_/models/faster-rcnn_r18_nodules.py',
    '../_base_/datasets/phantom_ndct.py',
    '../_base_/schedules/judge_600.py',
    '../_base_/default_runtime.py',
]
model = _base_.detector
train_cfg = dict(max_iters=400, val_interval=400)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.1, by_epoch=False, begin=0, end=50),
    dict(type='CosineAnnealingLR', by_epoch=False, begin=50, end=400, T_max=350),
]
default_hooks = dict(checkpoint=dict(interval=100))
