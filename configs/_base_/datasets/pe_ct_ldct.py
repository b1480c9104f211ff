# PE-CT of the paper: pulmonary embolism, 2304 slices, 2000 to train and 304 to test (Table 1).
# The paper does not say which; these are the slices with a lesion of FUMPE, as far as we can tell:
#   mim run lidnet_mm dataset_converters:fumpe SRC data/pe_ct --only-lesion-slices
#       --split train=30 val=0 test=5
# The paper's dose, N0 = 3000 in the simulation it used: low_dose = dict(_delete_=True,
# type='lidnet_mm.SimulateLowDose', mode='gholizadeh2019', dose_preset='lidnet_pe_ct').
_base_ = './nifti_lesions_ldct.py'
dataset_name = 'pe-ct'
data_root = 'data/pe_ct'
low_dose = dict(cache_dir='data/cache/pe_ct')
train_dataloader = dict(
    dataset=dict(metainfo=dict(classes=('embolus',)), expected=dict(slices=2000, shape=(512, 512))))
test_dataloader = dict(
    dataset=dict(metainfo=dict(classes=('embolus',)), expected=dict(slices=304, shape=(512, 512))))
# The paper has no validation part: nothing is selected, the last checkpoint counts.
val_dataloader = None
val_evaluator = None
val_cfg = None
