# LIDnet, CNN form (Eq. 8), with the paper's settings and for your own data: CPCE, lambda_1 =
# lambda_2 = 5, K = 5. Its detector is the one that is inherited beside it.
_base_ = [
    './datasets/nifti_lesions_ldct.py',
    './schedules/collaborative_paper.py',
    './default_runtime.py',
]
model = dict(
    type='lidnet_mm.LIDDetector',
    denoiser=dict(type='lidnet_mm.DenoisingModel', generator=dict(type='lidnet_mm.CPCE')),
    detector_windows=[(-1000, 400)],
    roi_perceptual_loss=dict(type='lidnet_mm.ROIPerceptualLoss', num_rois=5, loss_weight=5.0),
    detection_loss_weight=5.0)
judge = '../judges/judge_faster-rcnn_r50.py'
# Beside the newest checkpoints, that of the best validation: AP50 of the LIDnet's own detector.
default_hooks = dict(checkpoint=dict(save_best='coco/bbox_mAP_50', rule='greater'))
