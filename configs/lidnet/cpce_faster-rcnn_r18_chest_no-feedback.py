# The ceiling of any feedback: CPCE with L1 alone, then the judge's own detector and training on what it makes of
# LDCT. What that detector finds more than the judge, which saw NDCT alone, a denoiser could still win.
_base_ = './lidnet_cpce_faster-rcnn_r18_chest.py'
model = dict(roi_perceptual_loss=dict(loss_weight=0), detection_loss_weight=0)
train_pipeline = [
    dict(type='lidnet_mm.LoadCTSlice'),
    dict(type='LoadAnnotations', with_bbox=True),
    _base_.low_dose,
    dict(type='lidnet_mm.RandomLesionCrop', crop_size=(160, 160)),
    dict(type='RandomFlip', prob=0.5),
    dict(type='lidnet_mm.PackLIDInputs'),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
train_cfg = dict(pretrain_iters=0, denoiser_iters=600, detector_iters=1200, rounds=1)
param_scheduler = dict(
    detector=[
        dict(type='LinearLR', start_factor=0.1, by_epoch=False, begin=0, end=50),
        dict(type='CosineAnnealingLR', by_epoch=False, begin=50, end=1200, T_max=1150),
    ])
