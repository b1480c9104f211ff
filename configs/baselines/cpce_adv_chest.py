# CPCE as its authors train it, 300 generator steps: all but the generator is WGAN-VGG's.
_base_ = './wgan-vgg_adv_chest.py'
model = dict(generator=dict(type='lidnet_mm.CPCE'))
