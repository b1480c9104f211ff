# The reference slices of deeplesion_ldct.py alone, for the judge.
_base_ = './nifti_lesions_ndct.py'
dataset_name = 'deeplesion'
data_root = 'data/deeplesion'
train_dataloader = dict(dataset=dict(expected=dict(slices=22496)))
val_dataloader = dict(dataset=dict(expected=dict(slices=4793)))
test_dataloader = dict(dataset=dict(expected=dict(slices=4831)))
