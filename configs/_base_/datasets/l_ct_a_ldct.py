# L-CT-A of the paper: adenocarcinoma, 3000 slices, 2500 to train and 500 to test (Table 1), from
# the patients of class A of Lung-PET-CT-Dx; the paper does not say which slices.
#   mim run lidnet_mm dataset_converters:lung_pet_ct_dx SRC data/l_ct_a --classes A
#       --split train=0.83 val=0 test=0.17
# The paper's dose, N0 = 1000 in the simulation it used: low_dose = dict(_delete_=True,
# type='lidnet_mm.SimulateLowDose', mode='gholizadeh2019', dose_preset='lidnet_l_ct_a').
_base_ = './nifti_lesions_ldct.py'
dataset_name = 'l-ct-a'
data_root = 'data/l_ct_a'
low_dose = dict(cache_dir='data/cache/l_ct_a')
train_dataloader = dict(
    dataset=dict(metainfo=dict(classes=('tumour',)), expected=dict(slices=2500, shape=(512, 512))))
test_dataloader = dict(
    dataset=dict(metainfo=dict(classes=('tumour',)), expected=dict(slices=500, shape=(512, 512))))
# The paper has no validation part: nothing is selected, the last checkpoint counts.
val_dataloader = None
val_evaluator = None
val_cfg = None
