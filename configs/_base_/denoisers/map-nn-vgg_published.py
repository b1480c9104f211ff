# MAP-NN as the LIDnet paper says it was trained: the losses of WGAN-VGG.
_base_ = './wgan-vgg_published.py'
denoiser = dict(generator=dict(type='lidnet_mm.MAPNN', num_modules=3))
