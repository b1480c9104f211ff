# CPCE in front of ATSS with ResNet-18, trained from scratch: one stage, one anchor a cell.
_base_ = ['../_base_/lidnet_sts.py', 'mmdet::atss/atss_r50_fpn_1x_coco.py']
model = dict(
    detector=dict(
        backbone=dict(depth=18, frozen_stages=-1, norm_eval=False, init_cfg=None),
        neck=dict(in_channels=[64, 128, 256, 512])))
