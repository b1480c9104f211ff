# Bilateral filter, nothing to train:
#   mim test lidnet_mm bilateral_sts.py --checkpoint none
_base_ = ['../_base_/datasets/sts_ldct.py', '../_base_/default_runtime.py']
# 60 HU of noise in a window of 2000 HU.
model = dict(
    type='lidnet_mm.DenoisingModel', generator=dict(type='lidnet_mm.Bilateral', sigma=0.03))
judge = '../judges/judge_faster-rcnn_r18_sts.py'
train_dataloader = None
