# Patches of 64 x 64 pixels of chest_nodules_ldct.py, the size that the denoisers' authors train with.
_base_ = './chest_nodules_ldct.py'
train_pipeline = [
    dict(type='lidnet_mm.LoadCTSlice'),
    dict(type='LoadAnnotations', with_bbox=True),
    _base_.low_dose,
    dict(type='lidnet_mm.RandomLesionCrop', crop_size=(64, 64)),
    dict(type='RandomFlip', prob=0.5),
    dict(type='lidnet_mm.PackLIDInputs'),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
