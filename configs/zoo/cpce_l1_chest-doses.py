# The bundled denoiser cpce_l1: CPCE alone with L1, as many steps as its LIDnet twin.
_base_ = [
    '../_base_/datasets/chest_doses_ldct.py',
    '../_base_/schedules/denoiser_300.py',
    '../_base_/default_runtime.py',
]
model = dict(type='lidnet_mm.DenoisingModel', generator=dict(type='lidnet_mm.CPCE'))
train_cfg = dict(max_iters=12000, val_interval=12000)
param_scheduler = [
    dict(
        type='CosineAnnealingLR',
        by_epoch=False,
        begin=0,
        end=12000,
        T_max=12000,
        eta_min=1e-5),
]
judge = '../judges/judge_faster-rcnn_r18_chest.py'
default_hooks = dict(checkpoint=dict(interval=1000))
