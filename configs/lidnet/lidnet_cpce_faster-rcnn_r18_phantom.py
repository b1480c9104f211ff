# The demo: CPCE in front of a small Faster R-CNN, trained in turn, on the procedural thorax.
_base_ = [
    '../_base_/models/faster-rcnn_r18_nodules.py',
    '../_base_/datasets/phantom_ldct.py',
    '../_base_/schedules/collaborative_small.py',
    '../_base_/default_runtime.py',
]
model = dict(
    type='lidnet_mm.LIDDetector',
    denoiser=dict(type='lidnet_mm.DenoisingModel', generator=dict(type='lidnet_mm.CPCE')),
    detector=_base_.detector,
    roi_perceptual_loss=dict(type='lidnet_mm.ROIPerceptualLoss', num_rois=5, loss_weight=5.0),
    detection_loss_weight=5.0)
train_cfg = dict(pretrain_iters=150, denoiser_iters=75, detector_iters=40, rounds=2)
param_scheduler = dict(
    denoiser=[
        dict(type='CosineAnnealingLR', by_epoch=False, begin=0, end=150, T_max=150, eta_min=1e-5),
    ],
    detector=[
        dict(type='LinearLR', start_factor=0.1, by_epoch=False, begin=0, end=50),
        dict(type='CosineAnnealingLR', by_epoch=False, begin=50, end=230, T_max=180, eta_min=1e-5),
    ])
default_hooks = dict(logger=dict(interval=10), checkpoint=dict(interval=50))
judge = '../judges/judge_faster-rcnn_r18_phantom.py'
