# Generator and critic in turn: 12000 generator steps, as many as LIDnet's denoiser gets, each after
# four of the critic. Rates of appendix A, momenta of WGAN-VGG. Not run to its end here.
train_cfg = dict(
    type='lidnet_mm.AdversarialTrainLoop', max_iters=60000, critic_iters=4, val_interval=20000)
optim_wrapper = dict(
    constructor='lidnet_mm.PartsOptimWrapperConstructor',
    denoiser=dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-4, betas=(0.5, 0.9))),
    critic=dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=4e-4, betas=(0.5, 0.9))))
