# SSMS (SMGAN) as its authors train it, 200 generator steps on crops large enough for MS-SSIM.
_base_ = [
    '../_base_/denoisers/smgan_published.py',
    '../_base_/datasets/sts_ldct.py',
    '../_base_/schedules/adversarial_small.py',
    '../_base_/default_runtime.py',
]
model = _base_.denoiser
train_pipeline = [
    dict(type='lidnet_mm.LoadCTSlice'),
    dict(type='LoadAnnotations', with_bbox=True),
    _base_.low_dose,
    dict(type='RandomCrop', crop_size=(176, 176), allow_negative_crop=True),
    dict(type='Pad', size=(176, 176), pad_val=dict(img=-1000)),
    dict(type='RandomFlip', prob=0.5),
    dict(type='lidnet_mm.PackLIDInputs'),
]
train_dataloader = dict(batch_size=1, dataset=dict(pipeline=train_pipeline))
train_cfg = dict(max_iters=1000)
# A third of its authors' rate: with 1e-3 the critic's texture outweighs the image in so few steps.
optim_wrapper = dict(denoiser=dict(optimizer=dict(lr=3e-4)))
param_scheduler = dict(denoiser=[
    dict(type='CosineAnnealingLR', by_epoch=False, begin=0, end=200, T_max=200, eta_min=1e-5),
])
judge = '../judges/judge_faster-rcnn_r18_sts.py'
default_hooks = dict(checkpoint=dict(interval=500))
