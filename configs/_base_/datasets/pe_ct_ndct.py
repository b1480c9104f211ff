# The reference slices of pe_ct_ldct.py alone, for the judge.
_base_ = './nifti_lesions_ndct.py'
dataset_name = 'pe-ct'
data_root = 'data/pe_ct'
train_dataloader = dict(
    dataset=dict(metainfo=dict(classes=('embolus',)), expected=dict(slices=2000, shape=(512, 512))))
test_dataloader = dict(
    dataset=dict(metainfo=dict(classes=('embolus',)), expected=dict(slices=304, shape=(512, 512))))
# The paper has no validation part: nothing is selected, the last checkpoint counts.
val_dataloader = None
val_evaluator = None
val_cfg = None
