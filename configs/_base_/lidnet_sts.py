# LIDnet, CNN form (Eq. 8), for two CPU cores and soft tissue: CPCE, K = 5. Its detector is the one
# that is inherited beside it. In so few steps the paper's lambda_1 = lambda_2 = 5 outweigh L1, and
# the loss of one detector is a hundred times that of another (docs/detectors.md).
_base_ = [
    './datasets/sts_ldct.py',
    './schedules/collaborative_small.py',
    './default_runtime.py',
]
model = dict(
    type='lidnet_mm.LIDDetector',
    denoiser=dict(type='lidnet_mm.DenoisingModel', generator=dict(type='lidnet_mm.CPCE')),
    detector_windows=[(-160, 240)],
    roi_perceptual_loss=dict(type='lidnet_mm.ROIPerceptualLoss', num_rois=5, loss_weight=0.01),
    detection_loss_weight=0.01)
judge = '../judges/judge_faster-rcnn_r18_sts.py'
default_hooks = dict(checkpoint=dict(interval=100))
# A detector's loss can explode on what the denoiser makes of its first slices; one such gradient
# would fill Adam's second moment for a thousand steps.
optim_wrapper = dict(denoiser=dict(clip_grad=dict(max_norm=10)))
