# Sarcomas at 120 HU: does it matter whose feedback it is? CPCE guided by the judge itself, by a detector that
# was trained as long on the same patients, or by L1 alone. Crops of 192 pixels, which hold whole lesions, where
# those of sts_matrix.py have 96; the detector rests after its training.
title = 'Whose feedback? CPCE on soft-tissue sarcomas'
datasets = {
    'sarcomas': dict(
        data_root='data/sts',
        case_window=(-160, 240),
        judges=[
            '../judges/judge_faster-rcnn_r18_sts.py',
            '../judges/judge_atss_r18_sts.py',
        ]),
}
doses = {'120 HU': {'low_dose.noise_hu': 120}}
denoisers = {'CPCE': dict(generator=dict(type='lidnet_mm.CPCE'))}
lidnet = '../lidnet/lidnet_cpce_faster-rcnn_r18_sts.py'
# The feedback's gradient at most ten times that of L1; no T3.
rests = {'model.feedback_limit': 10.0, 'train_cfg.detector_iters': 0}
given = {**rests, 'train_cfg.pretrain_iters': 0}
# T1 with the judge's steps and rates, from other random weights and crops.
other = {
    **rests,
    'train_cfg.pretrain_iters': 600,
    'param_scheduler.detector': [
        dict(type='LinearLR', start_factor=0.1, by_epoch=False, begin=0, end=50),
        dict(type='CosineAnnealingLR', by_epoch=False, begin=50, end=600, T_max=550),
    ],
}
methods = [
    dict(method='ldct'),
    dict(method='matched', config='../baselines/cpce_l1_sts.py'),
    dict(method='lidnet', name='given', config=lidnet, detector='judge', options=given),
    dict(method='lidnet', name='other', config=lidnet, options=other),
    dict(method='ndct'),
]
seeds = [0, 1, 2]
num_cases = 6
notes = {
    'Data': '24 patients (18 train, 6 test), whole slices of 134 to 234 pixels of 0.98 mm; '
            'Vallieres et al. 2015, The Cancer Imaging Archive, CC BY 3.0',
    'Selection': 'none: the last checkpoint of each training is scored',
}
