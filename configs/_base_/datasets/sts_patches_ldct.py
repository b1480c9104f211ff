# Patches of 64 x 64 pixels of sts_ldct.py, the size that the denoisers' authors train with.
_base_ = './sts_ldct.py'
train_pipeline = [
    dict(type='lidnet_mm.LoadCTSlice'),
    dict(type='LoadAnnotations', with_bbox=True),
    _base_.low_dose,
    dict(type='RandomCrop', crop_size=(64, 64), allow_negative_crop=True),
    dict(type='RandomFlip', prob=0.5),
    dict(type='lidnet_mm.PackLIDInputs'),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
