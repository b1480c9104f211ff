# SSMS (SMGAN) with its authors' losses, 300 generator steps on crops large enough for MS-SSIM.
_base_ = [
    '../_base_/denoisers/smgan_published.py',
    '../_base_/datasets/chest_nodules_ldct.py',
    '../_base_/schedules/adversarial_small.py',
    '../_base_/default_runtime.py',
]
model = _base_.denoiser
train_pipeline = [
    dict(type='lidnet_mm.LoadCTSlice'),
    dict(type='LoadAnnotations', with_bbox=True),
    _base_.low_dose,
    dict(type='lidnet_mm.RandomLesionCrop', crop_size=(176, 176)),
    dict(type='RandomFlip', prob=0.5),
    dict(type='lidnet_mm.PackLIDInputs'),
]
train_dataloader = dict(batch_size=1, dataset=dict(pipeline=train_pipeline))
# Half of its authors' rate, and one critic step before each: with 1e-3 or four steps the texture that
# the critic asks for outweighs the image in so short a run.
train_cfg = dict(max_iters=600, critic_iters=1)
optim_wrapper = dict(denoiser=dict(optimizer=dict(lr=5e-4)))
param_scheduler = dict(denoiser=[
    dict(type='CosineAnnealingLR', by_epoch=False, begin=0, end=300, T_max=300, eta_min=1e-5),
])
judge = '../judges/judge_faster-rcnn_r18_chest.py'
default_hooks = dict(checkpoint=dict(interval=500))
