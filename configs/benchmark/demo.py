# `make demo`: the whole method on a procedural thorax, in minutes on two CPU cores.
title = 'LIDnet demo: nodules in a procedural thorax'
data_root = '{work_dir}/data'
prepare = [
    ('dataset_converters:thorax_phantom', [
        '{work_dir}/source', '--patients', 24, '--image-size', 160, '--slices', 12,
        '--nodule-mm', 10, 30, '--seed', 0,
    ]),
    ('dataset_converters:nifti_masks', [
        '{work_dir}/source', '{data_root}', '--split', 'train=18', 'val=0', 'test=6',
        '--min-size-mm', 4,
    ]),
]
methods = [
    dict(method='ldct'),
    dict(method='baseline', config='../baselines/cpce_l1_phantom.py'),
    dict(method='lidnet', config='../lidnet/lidnet_cpce_faster-rcnn_r18_phantom.py'),
    dict(method='ndct'),
]
seeds = [0]
num_cases = 4
case_depth = 5
case_window = (-1000, 400)
dose = 'simulated, 400 HU of noise in the body (RMS), parallel beam, 240 views'
notes = {
    'Data': '24 procedural thoraxes (18 train, 6 test), 12 slices of 160 x 160 pixels of 2.1 mm '
            'each; no patient is behind them',
    'Reading': 'a demonstration that everything works, not evidence: minutes of training, one '
               'seed, six test phantoms',
}
