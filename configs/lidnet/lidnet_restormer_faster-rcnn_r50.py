# LIDnet, CNN form (Eq. 8), with a small Restormer.
_base_ = './lidnet_cpce_faster-rcnn_r50.py'
model = dict(denoiser=dict(generator=dict(type='lidnet_mm.Restormer')))
