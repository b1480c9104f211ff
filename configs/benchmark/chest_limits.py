# Which bound on the feedback? Chosen without the test patients of chest_nodules.py: of its 15 training
# patients ten train here and five are scored. Said before it was run: of the bounds that keep
# PSNR within 0.3 dB of the matched baseline, the one of the highest sum of AP50 and AP75 over both judges.
# Data: as in _base_/datasets/chest_nodules_ldct.py, with --split train=12 val=0 test=7 and nine more
#       patients to leave out: 'TCGA-17-Z011*' 'TCGA-17-Z034*' 'TCGA-17-Z045*' 'TCGA-17-Z051*'
#       'TCGA-17-Z053*' 'TCGA-38-6178*' 'TCGA-50-6594*' 'TCGA-60-2715*' 'TCGA-92-8065*'
title = 'The bound on the feedback, chosen on training patients'
datasets = {
    'chest nodules': dict(
        data_root='data/chest_nodules_train',
        case_window=(-1350, 150),
        judges=[
            '../judges/judge_faster-rcnn_r18_chest.py',
            '../judges/judge_atss_r18_chest.py',
        ]),
}
denoisers = {'CPCE': dict(generator=dict(type='lidnet_mm.CPCE'))}
unbounded = '../lidnet/lidnet_cpce_faster-rcnn_r18_chest.py'
bounded = '../lidnet/lidnet_cpce_faster-rcnn_r18_chest_limited.py'
methods = [
    dict(method='ldct'),
    dict(method='matched', config='../baselines/cpce_l1_chest.py'),
    dict(method='lidnet', config=unbounded),
    dict(method='lidnet', name='limit-1', config=bounded, options={'model.feedback_limit': 1.0}),
    dict(method='lidnet', name='limit-3', config=bounded, options={'model.feedback_limit': 3.0}),
    dict(method='lidnet', name='limit-10', config=bounded, options={'model.feedback_limit': 10.0}),
    dict(method='lidnet', name='limit-30', config=bounded, options={'model.feedback_limit': 30.0}),
    dict(method='lidnet', name='limit-100', config=bounded, options={'model.feedback_limit': 100.0}),
    dict(method='ndct'),
]
seeds = [0, 1]
num_cases = 3
notes = {
    'Data': 'training patients of the chest nodules alone: eleven to train on, four to score',
    'Selection': 'none: the last checkpoint of each training is scored',
}
