# The same without a denoiser: the judge's detector and training on LDCT as it is.
_base_ = './cpce_faster-rcnn_r18_chest_no-feedback.py'
model = dict(denoiser=dict(generator=dict(_delete_=True, type='lidnet_mm.Identity')))
train_cfg = dict(denoiser_iters=0)
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
        dict(type='CosineAnnealingLR', by_epoch=False, begin=50, end=1200, T_max=1150),
    ])
