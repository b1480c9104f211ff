# The second judge of the inserted nodules, of another family than the detectors trained with.
_base_ = [
    '../_base_/models/atss_r18_chest.py',
    '../_base_/datasets/chest_nodules_ndct.py',
    '../_base_/schedules/judge_600.py',
    '../_base_/default_runtime.py',
]
model = _base_.detector
train_cfg = dict(max_iters=1200, val_interval=1200)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.1, by_epoch=False, begin=0, end=50),
    dict(type='CosineAnnealingLR', by_epoch=False, begin=50, end=1200, T_max=1150),
]
default_hooks = dict(checkpoint=dict(interval=200))
