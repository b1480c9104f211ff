# LIDnet, GAN form (Eq. 5 and 7), with the generator of RED-CNN.
_base_ = './lidnet_cpce_gan_faster-rcnn_r18_sts_short.py'
model = dict(denoiser=dict(generator=dict(type='lidnet_mm.REDCNN')))
# Ten times its authors' rate; at the 1e-3 of the others it leaves the image and hardly comes back.
optim_wrapper = dict(denoiser=dict(optimizer=dict(lr=1e-4)))
