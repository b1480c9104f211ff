# Nodules of 4 to 14 mm put into real chest CT, whole slices of 512 x 512 pixels, LDCT simulated.
# Data: mim run lidnet_mm dataset_converters:insert_nodules SRC data/chest_nodules
#       --copies 6 --nodules 1 3 --diameter-mm 4 14 --split train=16 val=0 test=12 --leave-out
#       'TCGA-17-Z019_0*' 'TCGA-17-Z028_*' 'TCGA-17-Z029_0*' 'TCGA-17-Z053_1*' 'TCGA-17-Z059_1*'
#       'TCGA-50-6595_1*' 'TCGA-60-2695_0*' 'TCGA-60-2721_0*' 'TCGA-92-8064_0*'
# (docs/nodules.md says why these are left out).
_base_ = './nifti_lesions_ldct.py'
dataset_name = 'chest-nodules'
data_root = 'data/chest_nodules'
classes = dict(classes=('nodule', ))

low_dose = dict(
    type='lidnet_mm.SimulateLowDose',
    noise_hu=250,
    num_views=360,
    seed=0,
    cache_dir='data/cache/chest_nodules',
    cache_gib=40)
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
train_dataloader = dict(
    batch_size=4,
    num_workers=1,
    dataset=dict(data_root=data_root, metainfo=classes, pipeline=train_pipeline))
test_dataloader = dict(
    batch_size=1,
    num_workers=1,
    dataset=dict(data_root=data_root, metainfo=classes, pipeline=test_pipeline))
test_evaluator = [
    dict(type='lidnet_mm.CocoMetric', ann_file=data_root + '/annotations/test.json', metric='bbox'),
    dict(type='lidnet_mm.ImageQualityMetric'),
    dict(type='lidnet_mm.RadiomicsMetric'),
]
# 24 patients leave none for validation: nothing is selected, the last checkpoint counts.
val_dataloader = None
val_evaluator = None
val_cfg = None
