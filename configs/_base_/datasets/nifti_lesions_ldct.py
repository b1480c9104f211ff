# Your own volumes, converted by tools/dataset_converters/nifti_masks.py, LDCT simulated.
dataset_name = 'nifti-lesions'
data_root = 'data/lesions'

# Noise: in training another at every visit, in tests always the same; docs/simulation.md says how.
low_dose = dict(
    type='lidnet_mm.SimulateLowDose',
    noise_hu=60,
    num_views=720,
    seed=0,
    cache_dir='data/cache/lesions',
    cache_gib=40)
# Decoded slices of all data sets. Without the room: cache_dir=None and cache_gib=None.
load_slice = dict(type='lidnet_mm.LoadCTSlice', cache_dir='data/cache/slices', cache_gib=20)
train_pipeline = [
    load_slice,
    dict(type='LoadAnnotations', with_bbox=True),
    low_dose,
    dict(type='RandomFlip', prob=0.5),
    dict(type='lidnet_mm.PackLIDInputs'),
]
test_pipeline = [
    load_slice,
    dict(type='LoadAnnotations', with_bbox=True),
    low_dose,
    dict(type='lidnet_mm.PackLIDInputs'),
]

train_dataloader = dict(
    batch_size=8,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='lidnet_mm.SeededInfiniteSampler', shuffle=True),
    dataset=dict(
        type='lidnet_mm.CTLesionDataset',
        data_root=data_root,
        ann_file='annotations/train.json',
        pipeline=train_pipeline))
val_dataloader = dict(
    batch_size=4,
    num_workers=4,
    persistent_workers=True,
    drop_last=False,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='lidnet_mm.CTLesionDataset',
        data_root=data_root,
        ann_file='annotations/val.json',
        test_mode=True,
        pipeline=test_pipeline))
test_dataloader = dict(
    batch_size=4,
    num_workers=4,
    persistent_workers=False,
    drop_last=False,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='lidnet_mm.CTLesionDataset',
        data_root=data_root,
        ann_file='annotations/test.json',
        test_mode=True,
        pipeline=test_pipeline))
val_evaluator = [
    dict(type='lidnet_mm.CocoMetric', ann_file=data_root + '/annotations/val.json', metric='bbox'),
    dict(type='lidnet_mm.ImageQualityMetric'),
]
test_evaluator = [
    dict(type='lidnet_mm.CocoMetric', ann_file=data_root + '/annotations/test.json', metric='bbox'),
    dict(type='lidnet_mm.ImageQualityMetric'),
    dict(type='lidnet_mm.RadiomicsMetric'),
]
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
