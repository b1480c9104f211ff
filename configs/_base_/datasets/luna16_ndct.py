# The reference slices of luna16_ldct.py alone, for the judge.
_base_ = './nifti_lesions_ndct.py'
dataset_name = 'luna16'
data_root = 'data/luna16'
train_dataloader = dict(
    dataset=dict(metainfo=dict(classes=('nodule',)), expected=dict(patients=622, shape=(512, 512))))
val_dataloader = dict(
    dataset=dict(metainfo=dict(classes=('nodule',)), expected=dict(patients=133, shape=(512, 512))))
test_dataloader = dict(
    dataset=dict(metainfo=dict(classes=('nodule',)), expected=dict(patients=133, shape=(512, 512))))
