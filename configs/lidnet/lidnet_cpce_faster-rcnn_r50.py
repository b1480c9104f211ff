# LIDnet with the paper's settings, for your own data: CPCE in front of Faster R-CNN, ResNet-50.
#   mim train lidnet_mm lidnet_cpce_faster-rcnn_r50.py --cfg-options data_root=data/mine
# ImageNet weights; another source or a local file: model.detector.backbone.init_cfg.checkpoint=...
_base_ = ['../_base_/lidnet_paper.py', 'mmdet::faster_rcnn/faster-rcnn_r50_fpn_1x_coco.py']
