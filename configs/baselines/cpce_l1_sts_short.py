# CPCE trained alone with L1 on crops of 96 x 96 pixels: the short LIDnets without their detector.
_base_ = './cpce_l1_sts.py'
train_pipeline = [
    dict(type='lidnet_mm.LoadCTSlice'),
    dict(type='LoadAnnotations', with_bbox=True),
    _base_.low_dose,
    dict(type='RandomCrop', crop_size=(96, 96), allow_negative_crop=True),
    dict(type='RandomFlip', prob=0.5),
    dict(type='lidnet_mm.PackLIDInputs'),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
