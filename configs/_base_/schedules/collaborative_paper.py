# Algorithm 1 with the settings of appendix A.
train_cfg = dict(
    type='lidnet_mm.CollaborativeTrainLoop',
    pretrain_iters=4000,
    denoiser_iters=4000,
    detector_iters=2000,
    rounds=3)
optim_wrapper = dict(
    constructor='lidnet_mm.PartsOptimWrapperConstructor',
    denoiser=dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-4)),
    detector=dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=5e-3)))
