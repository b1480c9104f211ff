# CPCE trained alone with L1: the baseline that LIDnet has to beat, with as many denoiser steps.
_base_ = [
    '../_base_/datasets/sts_ldct.py',
    '../_base_/schedules/denoiser_300.py',
    '../_base_/default_runtime.py',
]
model = dict(type='lidnet_mm.DenoisingModel', generator=dict(type='lidnet_mm.CPCE'))
judge = '../judges/judge_faster-rcnn_r18_sts.py'
default_hooks = dict(checkpoint=dict(interval=100))
