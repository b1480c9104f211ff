# Algorithm 1 with the settings of appendix A. The paper does not say how its detector stayed stable
# at Adam 5e-3, nor its denoiser where the detector's loss explodes on what it makes of its first
# slices; clipped gradients are our addition. Not run to its end here.
train_cfg = dict(
    type='lidnet_mm.CollaborativeTrainLoop',
    pretrain_iters=4000,
    denoiser_iters=4000,
    detector_iters=2000,
    rounds=3)
optim_wrapper = dict(
    constructor='lidnet_mm.PartsOptimWrapperConstructor',
    denoiser=dict(
        type='OptimWrapper',
        optimizer=dict(type='Adam', lr=1e-4),
        clip_grad=dict(max_norm=10)),
    detector=dict(
        type='OptimWrapper',
        optimizer=dict(type='Adam', lr=5e-3),
        clip_grad=dict(max_norm=10)))
