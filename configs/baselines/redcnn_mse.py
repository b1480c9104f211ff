# RED-CNN as its authors train it: mean squared error, Adam 1e-5.
#   mim train lidnet_mm redcnn_mse.py --cfg-options data_root=data/mine
_base_ = [
    '../_base_/denoisers/red-cnn_published.py',
    '../_base_/datasets/nifti_lesions_ldct.py',
    '../_base_/schedules/denoiser_12000.py',
    '../_base_/default_runtime.py',
]
model = _base_.denoiser
optim_wrapper = dict(optimizer=dict(lr=1e-5))
# Nothing detects while a denoiser trains alone; the judge does, in `mim test`.
val_evaluator = [dict(type='lidnet_mm.ImageQualityMetric')]
judge = '../judges/judge_faster-rcnn_r50.py'
