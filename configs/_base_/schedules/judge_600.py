# A detector alone on NDCT, small enough for two CPU cores.
train_cfg = dict(type='IterBasedTrainLoop', max_iters=600, val_interval=600)
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='AdamW', lr=5e-4, weight_decay=1e-4),
    clip_grad=dict(max_norm=10))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.1, by_epoch=False, begin=0, end=50),
    dict(type='CosineAnnealingLR', by_epoch=False, begin=50, end=600, T_max=550),
]
