# CPCE trained alone with L1 on inserted nodules: what LIDnet has to beat, with as many steps.
_base_ = [
    '../_base_/datasets/chest_nodules_ldct.py',
    '../_base_/schedules/denoiser_300.py',
    '../_base_/default_runtime.py',
]
model = dict(type='lidnet_mm.DenoisingModel', generator=dict(type='lidnet_mm.CPCE'))
train_cfg = dict(max_iters=600, val_interval=600)
param_scheduler = [
    dict(type='CosineAnnealingLR', by_epoch=False, begin=0, end=600, T_max=600, eta_min=1e-5),
]
judge = '../judges/judge_faster-rcnn_r18_chest.py'
default_hooks = dict(checkpoint=dict(interval=200))
