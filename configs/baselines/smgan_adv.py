# SSMS (SMGAN) as its authors train it: critic, MS-SSIM and L1, Adam 1e-3.
#   mim train lidnet_mm smgan_adv.py --cfg-options data_root=data/mine
_base_ = [
    '../_base_/denoisers/smgan_published.py',
    '../_base_/datasets/nifti_lesions_ldct.py',
    '../_base_/schedules/adversarial_paper.py',
    '../_base_/default_runtime.py',
]
model = _base_.denoiser
optim_wrapper = dict(denoiser=dict(optimizer=dict(lr=1e-3)))
# Nothing detects while a denoiser trains alone; the judge does, in `mim test`.
val_evaluator = [dict(type='lidnet_mm.ImageQualityMetric')]
judge = '../judges/judge_faster-rcnn_r50.py'
