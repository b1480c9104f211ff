# LIDnet with the paper's settings, for your own data: CPCE in front of Faster R-CNN, ResNet-50.
#   mim train lidnet_mm lidnet_cpce_faster-rcnn_r50.py --cfg-options data_root=data/mine
_base_ = [
    '../_base_/datasets/nifti_lesions_ldct.py',
    '../_base_/schedules/collaborative_paper.py',
    '../_base_/default_runtime.py',
    'mmdet::_base_/models/faster-rcnn_r50_fpn.py',
]
detector = _base_.model
detector.roi_head.bbox_head.num_classes = 1
# ImageNet weights; for another source or a local file, override this one line.
detector.backbone.init_cfg.checkpoint = 'https://download.pytorch.org/models/resnet50-0676ba61.pth'
model = dict(
    _delete_=True,
    type='lidnet_mm.LIDDetector',
    denoiser=dict(type='lidnet_mm.DenoisingModel', generator=dict(type='lidnet_mm.CPCE')),
    detector=detector,
    detector_windows=[(-1000, 400)],
    roi_perceptual_loss=dict(type='lidnet_mm.ROIPerceptualLoss', num_rois=5, loss_weight=5.0),
    detection_loss_weight=5.0)
judge = '../judges/judge_faster-rcnn_r50.py'
