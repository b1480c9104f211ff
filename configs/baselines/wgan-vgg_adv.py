# WGAN-VGG as its authors train it: critic and VGG, Adam 1e-4 (0.5, 0.9), four critic steps.
#   mim train lidnet_mm wgan-vgg_adv.py --cfg-options data_root=data/mine
_base_ = [
    '../_base_/denoisers/wgan-vgg_published.py',
    '../_base_/datasets/nifti_lesions_ldct.py',
    '../_base_/schedules/adversarial_paper.py',
    '../_base_/default_runtime.py',
]
model = _base_.denoiser
# Nothing detects while a denoiser trains alone; the judge does, in `mim test`.
val_evaluator = [dict(type='lidnet_mm.ImageQualityMetric')]
judge = '../judges/judge_faster-rcnn_r50.py'
