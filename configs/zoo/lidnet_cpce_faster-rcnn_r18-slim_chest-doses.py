# The bundled LIDnet cpce_lidnet and its detector nodules_faster-rcnn: the bounded form. The denoiser
# begins where its twin cpce_l1_chest-doses.py stood after 10,000 of 12,000 steps: train that first.
_base_ = [
    '../_base_/models/faster-rcnn_r18_slim.py',
    '../_base_/datasets/chest_doses_ldct.py',
    '../_base_/schedules/collaborative_small.py',
    '../_base_/default_runtime.py',
]
twin = 'work_dirs/cpce_l1_chest-doses/iter_10000.pth'
model = dict(
    type='lidnet_mm.LIDDetector',
    denoiser=dict(
        type='lidnet_mm.DenoisingModel',
        generator=dict(
            type='lidnet_mm.CPCE',
            init_cfg=dict(type='Pretrained', checkpoint=twin, prefix='generator.'))),
    detector=_base_.detector,
    roi_perceptual_loss=dict(type='lidnet_mm.ROIPerceptualLoss', num_rois=5, loss_weight=5.0),
    detection_loss_weight=5.0,
    feedback_limit=10.0)
# T1 = 1600, then two rounds of T2 = 1000, T3 = 200.
train_cfg = dict(pretrain_iters=1600, denoiser_iters=1000, detector_iters=200, rounds=2)
param_scheduler = dict(
    denoiser=[
        dict(type='CosineAnnealingLR', by_epoch=False, begin=0, end=2000, T_max=2000, eta_min=1e-5),
    ],
    detector=[
        dict(type='LinearLR', start_factor=0.1, by_epoch=False, begin=0, end=50),
        dict(type='CosineAnnealingLR', by_epoch=False, begin=50, end=2000, T_max=1950, eta_min=1e-5),
    ])
# The twin's rate after 10,000 steps.
optim_wrapper = dict(denoiser=dict(optimizer=dict(lr=7e-5), clip_grad=dict(max_norm=10)))
judge = '../judges/judge_faster-rcnn_r18_chest.py'
default_hooks = dict(checkpoint=dict(interval=200))
