# The reference slices of l_ct_a_ldct.py alone, for the judge.
_base_ = './nifti_lesions_ndct.py'
dataset_name = 'l-ct-a'
data_root = 'data/l_ct_a'
train_dataloader = dict(
    dataset=dict(metainfo=dict(classes=('tumour',)), expected=dict(slices=2500, shape=(512, 512))))
test_dataloader = dict(
    dataset=dict(metainfo=dict(classes=('tumour',)), expected=dict(slices=500, shape=(512, 512))))
# The paper has no validation part: nothing is selected, the last checkpoint counts.
val_dataloader = None
val_evaluator = None
val_cfg = None
