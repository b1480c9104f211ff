# The reference slices of phantom_ldct.py alone, for the judge.
_base_ = './phantom_ldct.py'

train_pipeline = [
    dict(type='lidnet_mm.LoadCTSlice'),
    dict(type='LoadAnnotations', with_bbox=True),
    dict(type='RandomFlip', prob=0.5),
    dict(type='lidnet_mm.PackLIDInputs', source='ndct'),
]
test_pipeline = [
    dict(type='lidnet_mm.LoadCTSlice'),
    dict(type='LoadAnnotations', with_bbox=True),
    dict(type='lidnet_mm.PackLIDInputs', source='ndct'),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_evaluator = [
    dict(
        type='lidnet_mm.CocoMetric',
        ann_file=_base_.data_root + '/annotations/test.json',
        metric='bbox')
]
