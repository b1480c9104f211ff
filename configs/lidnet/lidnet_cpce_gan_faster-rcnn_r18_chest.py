# LIDnet, GAN form (Eq. 5 and 7), on inserted nodules: two rounds of T2 = 1000, in each 200 generator
# steps, four of the critic before each.
_base_ = './lidnet_cpce_faster-rcnn_r18_chest.py'
model = dict(denoiser=dict(critic=dict(type='lidnet_mm.SliceCritic')))
train_dataloader = dict(batch_size=2)
train_cfg = dict(denoiser_iters=1000, critic_iters=4)
optim_wrapper = dict(
    denoiser=dict(optimizer=dict(betas=(0.5, 0.9))),
    critic=dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=4e-4, betas=(0.5, 0.9))))
param_scheduler = dict(
    denoiser=[
        dict(type='CosineAnnealingLR', by_epoch=False, begin=0, end=400, T_max=400, eta_min=1e-5),
    ],
    critic=[dict(type='ConstantLR', factor=1, by_epoch=False)])
