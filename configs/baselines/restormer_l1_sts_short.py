# A small Restormer trained alone with L1, 300 steps.
_base_ = [
    '../_base_/datasets/sts_patches_ldct.py',
    '../_base_/schedules/denoiser_300.py',
    '../_base_/default_runtime.py',
]
model = dict(type='lidnet_mm.DenoisingModel', generator=dict(type='lidnet_mm.Restormer'))
judge = '../judges/judge_faster-rcnn_r18_sts.py'
default_hooks = dict(checkpoint=dict(interval=100))
