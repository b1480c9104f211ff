# BM3D (pip install bm3d, not for commercial use), nothing to train:
#   mim test lidnet_mm bm3d_chest.py --checkpoint none
_base_ = ['../_base_/datasets/chest_nodules_ldct.py', '../_base_/default_runtime.py']
# 250 HU of noise in a window of 2000 HU.
model = dict(
    type='lidnet_mm.DenoisingModel', generator=dict(type='lidnet_mm.BM3D', sigma=0.125))
judge = '../judges/judge_faster-rcnn_r18_chest.py'
train_dataloader = None
