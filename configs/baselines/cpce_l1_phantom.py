# CPCE trained alone with L1: the demo's baseline, with as many denoiser steps as LIDnet's.
_base_ = [
    '../_base_/datasets/phantom_ldct.py',
    '../_base_/schedules/denoiser_300.py',
    '../_base_/default_runtime.py',
]
model = dict(type='lidnet_mm.DenoisingModel', generator=dict(type='lidnet_mm.CPCE'))
train_cfg = dict(max_iters=150, val_interval=150)
param_scheduler = [
    dict(type='CosineAnnealingLR', by_epoch=False, begin=0, end=150, T_max=150, eta_min=1e-5),
]
default_hooks = dict(logger=dict(interval=10), checkpoint=dict(interval=50))
judge = '../judges/judge_faster-rcnn_r18_phantom.py'
