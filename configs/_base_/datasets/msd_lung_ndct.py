# The reference slices of msd_lung_ldct.py alone, for the judge.
_base_ = './nifti_lesions_ndct.py'
dataset_name = 'msd-lung'
data_root = 'data/msd_lung'
train_dataloader = dict(
    dataset=dict(
        metainfo=dict(classes=('lung tumour',)), expected=dict(patients=44, shape=(512, 512))))
val_dataloader = dict(
    dataset=dict(
        metainfo=dict(classes=('lung tumour',)), expected=dict(patients=10, shape=(512, 512))))
test_dataloader = dict(
    dataset=dict(
        metainfo=dict(classes=('lung tumour',)), expected=dict(patients=9, shape=(512, 512))))
