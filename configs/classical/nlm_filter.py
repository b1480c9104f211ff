# Non-local means on your own data, nothing to train; set sigma to your noise in HU / 2000.
#   mim test lidnet_mm nlm_filter.py --checkpoint none --cfg-options data_root=data/mine
_base_ = ['../_base_/datasets/nifti_lesions_ldct.py', '../_base_/default_runtime.py']
model = dict(
    type='lidnet_mm.DenoisingModel', generator=dict(type='lidnet_mm.NonLocalMeans', sigma=0.03))
judge = '../judges/judge_faster-rcnn_r50.py'
train_dataloader = None
