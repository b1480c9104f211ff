# DeepLesion: 32,120 slices with 32,735 lesions of 4,427 patients, in the published parts. Data:
#   mim run lidnet_mm dataset_converters:deeplesion SRC data/deeplesion --keep-noisy
# Without --keep-noisy the lesions that its authors call possibly noisy are left out, and the check
# of the counts says so. Not all slices have 512 x 512 pixels.
_base_ = './nifti_lesions_ldct.py'
dataset_name = 'deeplesion'
data_root = 'data/deeplesion'
low_dose = dict(cache_dir='data/cache/deeplesion')
train_dataloader = dict(dataset=dict(expected=dict(slices=22496)))
val_dataloader = dict(dataset=dict(expected=dict(slices=4793)))
test_dataloader = dict(dataset=dict(expected=dict(slices=4831)))
