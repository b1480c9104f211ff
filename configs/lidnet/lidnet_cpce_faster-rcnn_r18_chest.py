# LIDnet, CNN form (Eq. 8), on inserted nodules: CPCE, a small Faster R-CNN, lambda = 5, K = 5.
_base_ = [
    '../_base_/models/faster-rcnn_r18_chest.py',
    '../_base_/datasets/chest_nodules_ldct.py',
    '../_base_/schedules/collaborative_small.py',
    '../_base_/default_runtime.py',
]
model = dict(
    type='lidnet_mm.LIDDetector',
    denoiser=dict(type='lidnet_mm.DenoisingModel', generator=dict(type='lidnet_mm.CPCE')),
    detector=_base_.detector,
    roi_perceptual_loss=dict(type='lidnet_mm.ROIPerceptualLoss', num_rois=5, loss_weight=5.0),
    detection_loss_weight=5.0)
# T1 = 600, then two rounds of T2 = 300, T3 = 100.
train_cfg = dict(pretrain_iters=600, denoiser_iters=300, detector_iters=100, rounds=2)
param_scheduler = dict(
    denoiser=[
        dict(type='CosineAnnealingLR', by_epoch=False, begin=0, end=600, T_max=600, eta_min=1e-5),
    ],
    detector=[
        dict(type='LinearLR', start_factor=0.1, by_epoch=False, begin=0, end=50),
        dict(type='CosineAnnealingLR', by_epoch=False, begin=50, end=800, T_max=750, eta_min=1e-5),
    ])
optim_wrapper = dict(denoiser=dict(clip_grad=dict(max_norm=10)))
judge = '../judges/judge_faster-rcnn_r18_chest.py'
default_hooks = dict(checkpoint=dict(interval=200))
