# CPCE in front of YOLOX-tiny, trained from scratch: one stage, no anchors.
_base_ = ['../_base_/lidnet_sts.py', 'mmdet::yolox/yolox_tiny_8xb8-300e_coco.py']
