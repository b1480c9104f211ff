# RED-CNN as its authors train it, 600 steps; Adam 1e-4, ten times their rate, for so few.
_base_ = [
    '../_base_/denoisers/red-cnn_published.py',
    '../_base_/datasets/chest_nodules_patches_ldct.py',
    '../_base_/schedules/denoiser_300.py',
    '../_base_/default_runtime.py',
]
model = _base_.denoiser
train_cfg = dict(max_iters=600, val_interval=600)
optim_wrapper = dict(optimizer=dict(lr=1e-4))
param_scheduler = [
    dict(type='CosineAnnealingLR', by_epoch=False, begin=0, end=600, T_max=600, eta_min=1e-5),
]
judge = '../judges/judge_faster-rcnn_r18_chest.py'
default_hooks = dict(checkpoint=dict(interval=500))
