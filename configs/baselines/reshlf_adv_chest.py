# Res-HLF, a reading, 400 generator steps.
_base_ = [
    '../_base_/denoisers/res-hlf_published.py',
    '../_base_/datasets/chest_nodules_patches_ldct.py',
    '../_base_/schedules/adversarial_small.py',
    '../_base_/default_runtime.py',
]
model = _base_.denoiser
judge = '../judges/judge_faster-rcnn_r18_chest.py'
default_hooks = dict(checkpoint=dict(interval=500))
