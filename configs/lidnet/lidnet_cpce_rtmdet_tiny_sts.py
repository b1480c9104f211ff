# CPCE in front of RTMDet-tiny, trained from scratch: one stage, no anchors.
_base_ = ['../_base_/lidnet_sts.py', 'mmdet::rtmdet/rtmdet_tiny_8xb32-300e_coco.py']
model = dict(detector=dict(backbone=dict(init_cfg=None)))
