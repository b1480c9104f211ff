# LIDnet, GAN form (Eq. 5 and 7), with the paper's settings: T2 counts the steps of the critic, four
# before each of the generator.
_base_ = './lidnet_cpce_faster-rcnn_r50.py'
model = dict(denoiser=dict(critic=dict(type='lidnet_mm.SliceCritic')))
train_cfg = dict(critic_iters=4)
optim_wrapper = dict(
    denoiser=dict(optimizer=dict(betas=(0.5, 0.9))),
    critic=dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=4e-4, betas=(0.5, 0.9))))
