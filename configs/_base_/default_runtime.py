default_scope = 'mmdet'
custom_imports = dict(imports=['lidnet_mm'], allow_failed_imports=False)

default_hooks = dict(
    timer=dict(type='IterTimerHook'),
    iteration_seed=dict(type='lidnet_mm.IterationSeedHook'),
    accumulated_gradients=dict(type='lidnet_mm.AccumulatedGradientsHook'),
    logger=dict(type='LoggerHook', interval=50),
    param_scheduler=dict(type='lidnet_mm.PhaseParamSchedulerHook'),
    checkpoint=dict(
        type='CheckpointHook',
        by_epoch=False,
        interval=1000,
        max_keep_ckpts=2,
        backend_args=dict(backend='lidnet_atomic')),
    own_checkpoints=dict(type='lidnet_mm.OwnCheckpointsHook'),
    loader_watch=dict(type='lidnet_mm.LoaderWatchHook', timeout=300),  # seconds
    graceful_stop=dict(type='lidnet_mm.GracefulStopHook'),
    non_finite_loss=dict(type='lidnet_mm.NonFiniteLossHook', max_in_a_row=10),
    nothing_found=dict(type='lidnet_mm.NothingFoundHook'),
    progress=dict(type='lidnet_mm.ProgressHook', seconds=20),
    sampler_seed=dict(type='DistSamplerSeedHook'),
    same_buffers=dict(type='lidnet_mm.SameBuffersHook'))
log_processor = dict(type='lidnet_mm.PhaseLogProcessor', by_epoch=False)

env_cfg = dict(
    cudnn_benchmark=False,
    mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0),
    # Seconds that a process waits for one that died or hangs. Without GPUs the backend is gloo.
    dist_cfg=dict(backend='nccl', timeout=600))
# The halves take turns: in every phase one of them has no gradient. Before each step PyTorch's wrapper
# sends the running statistics of the first process, which are those of the checkpoint, to all.
model_wrapper_cfg = dict(type='MMDistributedDataParallel', find_unused_parameters=True)

visualizer = dict(type='Visualizer', vis_backends=[dict(type='LocalVisBackend')])
randomness = dict(seed=0)
log_level = 'INFO'
load_from = None
resume = False
