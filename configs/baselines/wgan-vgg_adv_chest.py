# WGAN-VGG as its authors train it, 300 generator steps.
_base_ = [
    '../_base_/denoisers/wgan-vgg_published.py',
    '../_base_/datasets/chest_nodules_patches_ldct.py',
    '../_base_/schedules/adversarial_small.py',
    '../_base_/default_runtime.py',
]
model = _base_.denoiser
# Random VGG weights, so that it runs anywhere; 'vgg19_caffe' where you have the file.
model.losses.perceptual.weights = None
train_cfg = dict(max_iters=1500)
optim_wrapper = dict(denoiser=dict(optimizer=dict(lr=5e-4)))
param_scheduler = dict(denoiser=[
    dict(type='CosineAnnealingLR', by_epoch=False, begin=0, end=300, T_max=300, eta_min=1e-5),
])
judge = '../judges/judge_faster-rcnn_r18_chest.py'
default_hooks = dict(checkpoint=dict(interval=500))
