# MAP-NN as the LIDnet paper describes it: critic and VGG.
#   mim train lidnet_mm mapnn_adv-vgg.py --cfg-options data_root=data/mine
_base_ = [
    '../_base_/denoisers/map-nn-vgg_published.py',
    '../_base_/datasets/nifti_lesions_ldct.py',
    '../_base_/schedules/adversarial_paper.py',
    '../_base_/default_runtime.py',
]
model = _base_.denoiser
# Nothing detects while a denoiser trains alone; the judge does, in `mim test`.
val_evaluator = [dict(type='lidnet_mm.ImageQualityMetric')]
judge = '../judges/judge_faster-rcnn_r50.py'
