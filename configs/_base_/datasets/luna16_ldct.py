# LUNA16: 888 series, 1186 nodules; a series counts as a patient. Data:
#   mim run lidnet_mm dataset_converters:luna16 SRC data/luna16
# Its slices (some 230,000) take about 120 GB decoded and as much for each noise draw of a training;
# beyond cache_gib, the rest is decoded and simulated at each visit: then low_dose.cache_dir=None and
# low_dose.cache_gib=None simulate one draw a visit. --only-lesion-slices leaves some thousands.
_base_ = './nifti_lesions_ldct.py'
dataset_name = 'luna16'
data_root = 'data/luna16'
low_dose = dict(cache_dir='data/cache/luna16')
train_dataloader = dict(
    dataset=dict(metainfo=dict(classes=('nodule',)), expected=dict(patients=622, shape=(512, 512))))
val_dataloader = dict(
    dataset=dict(metainfo=dict(classes=('nodule',)), expected=dict(patients=133, shape=(512, 512))))
test_dataloader = dict(
    dataset=dict(metainfo=dict(classes=('nodule',)), expected=dict(patients=133, shape=(512, 512))))
