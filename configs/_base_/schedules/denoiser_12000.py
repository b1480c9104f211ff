# A denoiser alone, as many steps as LIDnet's denoiser gets with the paper's settings.
train_cfg = dict(type='IterBasedTrainLoop', max_iters=12000, val_interval=4000)
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-4))
