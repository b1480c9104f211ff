# LIDnet, CNN form (Eq. 8): CPCE in front of a small Faster R-CNN, lambda_1 = lambda_2 = 5, K = 5.
_base_ = [
    '../_base_/models/faster-rcnn_r18_small.py',
    '../_base_/datasets/sts_ldct.py',
    '../_base_/schedules/collaborative_small.py',
    '../_base_/default_runtime.py',
]
model = dict(
    type='lidnet_mm.LIDDetector',
    denoiser=dict(type='lidnet_mm.DenoisingModel', generator=dict(type='lidnet_mm.CPCE')),
    detector=_base_.detector,
    roi_perceptual_loss=dict(type='lidnet_mm.ROIPerceptualLoss', num_rois=5, loss_weight=5.0),
    detection_loss_weight=5.0)
judge = '../judges/judge_faster-rcnn_r18_sts.py'
default_hooks = dict(checkpoint=dict(interval=100))
