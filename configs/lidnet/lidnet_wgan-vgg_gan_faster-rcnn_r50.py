# LIDnet, GAN form (Eq. 5 and 7), with the generator of WGAN-VGG.
_base_ = './lidnet_cpce_gan_faster-rcnn_r50.py'
model = dict(denoiser=dict(generator=dict(type='lidnet_mm.WGANVGG')))
