# CPCE in front of DINO with ResNet-18, trained from scratch: queries in place of anchors.
_base_ = ['../_base_/lidnet_sts.py', 'mmdet::dino/dino-4scale_r50_8xb2-12e_coco.py']
# A slice of 192 x 192 pixels has fewer feature cells than DINO's 900 queries.
model = dict(
    detector=dict(
        num_queries=100,
        backbone=dict(
            depth=18,
            frozen_stages=-1,
            norm_cfg=dict(requires_grad=True),
            norm_eval=False,
            init_cfg=None),
        neck=dict(in_channels=[128, 256, 512]),
        test_cfg=dict(max_per_img=100)))
# DINO's own rate and clipping.
optim_wrapper = dict(
    detector=dict(optimizer=dict(lr=1e-4), clip_grad=dict(max_norm=0.1)))
