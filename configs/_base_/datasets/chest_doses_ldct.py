# Nodules of 4 to 14 mm in real chest CT at doses from nearly full to a fiftieth of it: noise of 15 to
# 250 HU, drawn anew at every visit. For models that are to be used, not compared.
# Data: mim run lidnet_mm dataset_converters:insert_nodules SRC data/chest_doses --copies 4
#       --nodules 1 3 --diameter-mm 4 14 --split train=28 val=0 test=18 --leave-out ... (docs/zoo.md)
_base_ = './chest_nodules_ldct.py'
dataset_name = 'chest-doses'
data_root = 'data/chest_doses'
low_dose = dict(
    type='lidnet_mm.SimulateLowDose',
    noise_hu=(15, 250),
    num_views=360,
    seed=0,
    realizations=4,
    cache_dir='data/cache/chest_doses')
train_pipeline = [
    dict(type='lidnet_mm.LoadCTSlice'),
    dict(type='LoadAnnotations', with_bbox=True),
    low_dose,
    dict(type='lidnet_mm.RandomLesionCrop', crop_size=(96, 96)),
    dict(type='RandomFlip', prob=0.5),
    dict(type='lidnet_mm.PackLIDInputs'),
]
test_pipeline = [
    dict(type='lidnet_mm.LoadCTSlice'),
    dict(type='LoadAnnotations', with_bbox=True),
    low_dose,
    dict(type='lidnet_mm.PackLIDInputs'),
]
train_dataloader = dict(dataset=dict(data_root=data_root, pipeline=train_pipeline))
test_dataloader = dict(dataset=dict(data_root=data_root, pipeline=test_pipeline))
test_evaluator = [
    dict(type='lidnet_mm.CocoMetric', ann_file=data_root + '/annotations/test.json', metric='bbox'),
    dict(type='lidnet_mm.ImageQualityMetric'),
    dict(type='lidnet_mm.RadiomicsMetric'),
]
