# The adversarial schedule for two CPU cores: 400 generator steps, each after four of the critic. The
# generator's rate is twice the paper's, for so few steps.
train_cfg = dict(type='lidnet_mm.AdversarialTrainLoop', max_iters=2000, critic_iters=4)
optim_wrapper = dict(
    constructor='lidnet_mm.PartsOptimWrapperConstructor',
    denoiser=dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=2e-4, betas=(0.5, 0.9))),
    critic=dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=4e-4, betas=(0.5, 0.9))))
# Each network counts its own steps.
param_scheduler = dict(
    denoiser=[
        dict(type='CosineAnnealingLR', by_epoch=False, begin=0, end=400, T_max=400, eta_min=1e-5),
    ],
    critic=[dict(type='ConstantLR', factor=1, by_epoch=False)])
