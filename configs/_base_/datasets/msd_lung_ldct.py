# Medical Segmentation Decathlon, Task06_Lung: the 63 volumes with published labels. Data:
#   mim run lidnet_mm dataset_converters:msd_lung SRC data/msd_lung
_base_ = './nifti_lesions_ldct.py'
dataset_name = 'msd-lung'
data_root = 'data/msd_lung'
low_dose = dict(cache_dir='data/cache/msd_lung')
train_dataloader = dict(
    dataset=dict(
        metainfo=dict(classes=('lung tumour',)), expected=dict(patients=44, shape=(512, 512))))
val_dataloader = dict(
    dataset=dict(
        metainfo=dict(classes=('lung tumour',)), expected=dict(patients=10, shape=(512, 512))))
test_dataloader = dict(
    dataset=dict(
        metainfo=dict(classes=('lung tumour',)), expected=dict(patients=9, shape=(512, 512))))
