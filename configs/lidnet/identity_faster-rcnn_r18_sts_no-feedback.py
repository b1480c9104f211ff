# The judge's detector and training on LDCT as it is, behind no denoiser.
_base_ = './lidnet_cpce_faster-rcnn_r18_sts.py'
model = dict(
    denoiser=dict(generator=dict(_delete_=True, type='lidnet_mm.Identity')),
    roi_perceptual_loss=dict(loss_weight=0),
    detection_loss_weight=0)
train_cfg = dict(pretrain_iters=0, denoiser_iters=0, detector_iters=600, rounds=1)
# Nothing to train in the denoiser.
optim_wrapper = dict(
    _delete_=True,
    constructor='lidnet_mm.PartsOptimWrapperConstructor',
    detector=dict(
        type='OptimWrapper',
        optimizer=dict(type='AdamW', lr=5e-4, weight_decay=1e-4),
        clip_grad=dict(max_norm=10)))
param_scheduler = dict(
    _delete_=True,
    detector=[
        dict(type='LinearLR', start_factor=0.1, by_epoch=False, begin=0, end=50),
        dict(type='CosineAnnealingLR', by_epoch=False, begin=50, end=600, T_max=550),
    ])
