# The demo's procedural thorax: 160 x 160 pixels of 2.1 mm, nodules of 10 to 30 mm.
_base_ = './nifti_lesions_ldct.py'
dataset_name = 'thorax-phantom'
data_root = 'work_dirs/demo/data'

# Slices this small are decoded quickly: no cache of them.
load_slice = dict(_delete_=True, type='lidnet_mm.LoadCTSlice')
low_dose = dict(
    type='lidnet_mm.SimulateLowDose',
    noise_hu=400,
    num_views=240,
    seed=0,
    cache_dir='work_dirs/demo/noise')
train_pipeline = [
    dict(type='lidnet_mm.LoadCTSlice'),
    dict(type='LoadAnnotations', with_bbox=True),
    low_dose,
    dict(type='RandomFlip', prob=0.5),
    dict(type='lidnet_mm.PackLIDInputs'),
]
test_pipeline = [
    dict(type='lidnet_mm.LoadCTSlice'),
    dict(type='LoadAnnotations', with_bbox=True),
    low_dose,
    dict(type='lidnet_mm.PackLIDInputs'),
]
train_dataloader = dict(
    batch_size=4, num_workers=1, dataset=dict(data_root=data_root, pipeline=train_pipeline))
test_dataloader = dict(
    num_workers=1, dataset=dict(data_root=data_root, pipeline=test_pipeline))
test_evaluator = [
    dict(type='lidnet_mm.CocoMetric', ann_file=data_root + '/annotations/test.json', metric='bbox'),
    dict(type='lidnet_mm.ImageQualityMetric'),
    dict(type='lidnet_mm.RadiomicsMetric', min_size=3),
]
val_dataloader = None
val_evaluator = None
val_cfg = None
