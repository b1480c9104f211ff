# Soft-tissue sarcomas in CT, whole slices of 134 to 234 pixels, LDCT simulated to 60 HU of noise.
# Data: mim run lidnet_mm dataset_converters:nifti_masks SRC data/sts --split train=18 val=0 test=6
#       --image '{patient}/CT_image.nii.gz' --mask '{patient}/CT_mask.nii.gz' --min-size-mm 10
_base_ = './nifti_lesions_ldct.py'
dataset_name = 'sts'
data_root = 'data/sts'

# Slices this small are decoded quickly: no cache of them.
load_slice = dict(_delete_=True, type='lidnet_mm.LoadCTSlice')
low_dose = dict(
    type='lidnet_mm.SimulateLowDose',
    noise_hu=60,
    num_views=360,
    seed=0,
    cache_dir='data/cache/sts',
    cache_gib=40)
train_pipeline = [
    dict(type='lidnet_mm.LoadCTSlice'),
    dict(type='LoadAnnotations', with_bbox=True),
    low_dose,
    dict(type='RandomCrop', crop_size=(192, 192), allow_negative_crop=True),
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
    dict(type='lidnet_mm.RadiomicsMetric'),
]
# 24 patients leave none for validation: nothing is selected, the last checkpoint counts.
val_dataloader = None
val_evaluator = None
val_cfg = None
