# A denoiser alone, as many steps as the small collaborative schedule gives it.
train_cfg = dict(type='IterBasedTrainLoop', max_iters=400, val_interval=400)
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-3))
param_scheduler = [
    dict(type='CosineAnnealingLR', by_epoch=False, begin=0, end=400, T_max=400, eta_min=1e-5),
]
