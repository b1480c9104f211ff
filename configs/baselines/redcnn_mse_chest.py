# RED-CNN as its authors train it, 600 steps; Adam 1e-4, ten times their rate, for so few.
_base_ = [
    '../_base_/denoisers/red-cnn_published.py',
    '../_base_/datasets/chest_nodules_patches_ldct.py',
    '../_base_/schedules/denoiser_300.py',
    '../_base_/default_runtime.py',
]
model = _base_.denoiser
optim_wrapper = dict(optimizer=dict(lr=1e-4))
judge = '../judges/judge_faster-rcnn_r18_chest.py'
default_hooks = dict(checkpoint=dict(interval=500))
