# CPCE trained alone with L1 on your own data, as many steps as LIDnet's denoiser gets.
#   mim train lidnet_mm cpce_l1.py --cfg-options data_root=data/mine
_base_ = [
    '../_base_/datasets/nifti_lesions_ldct.py',
    '../_base_/schedules/denoiser_12000.py',
    '../_base_/default_runtime.py',
]
model = dict(type='lidnet_mm.DenoisingModel', generator=dict(type='lidnet_mm.CPCE'))
# Nothing detects while a denoiser trains alone; the judge does, in `mim test`.
val_evaluator = [dict(type='lidnet_mm.ImageQualityMetric')]
judge = '../judges/judge_faster-rcnn_r50.py'
