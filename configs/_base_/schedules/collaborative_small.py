# Algorithm 1, small enough for two CPU cores: T1 = 300, then two rounds of T2 = 150, T3 = 75.
train_cfg = dict(
    type='lidnet_mm.CollaborativeTrainLoop',
    pretrain_iters=300,
    denoiser_iters=150,
    detector_iters=75,
    rounds=2)
optim_wrapper = dict(
    constructor='lidnet_mm.PartsOptimWrapperConstructor',
    denoiser=dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-3)),
    detector=dict(
        type='OptimWrapper',
        optimizer=dict(type='AdamW', lr=5e-4, weight_decay=1e-4),
        clip_grad=dict(max_norm=10)))
# Each half counts its own steps.
param_scheduler = dict(
    denoiser=[
        dict(type='CosineAnnealingLR', by_epoch=False, begin=0, end=300, T_max=300, eta_min=1e-5),
    ],
    detector=[
        dict(type='LinearLR', start_factor=0.1, by_epoch=False, begin=0, end=50),
        dict(type='CosineAnnealingLR', by_epoch=False, begin=50, end=450, T_max=400, eta_min=1e-5),
    ])
