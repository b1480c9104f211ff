# CPCE-2D (Shan et al. 2018): the losses of WGAN-VGG.
_base_ = './wgan-vgg_published.py'
denoiser = dict(generator=dict(type='lidnet_mm.CPCE'))
