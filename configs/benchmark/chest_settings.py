# Which settings of LIDnet matter? Five of them, two values each, in a quarter of all combinations and its
# mirror image: each setting has both values in eight of sixteen trainings, balanced over all others, so its
# effect is the difference of two means of eight (tools/analysis_tools/main_effects.py).
# Without the test patients of chest_nodules.py: of its 15 training patients nine train and six are scored.
# Data: as in _base_/datasets/chest_nodules_ldct.py, with --split train=9 val=0 test=6 and thirteen more
#       patients to leave out, the nine of its test and four that show no lung: 'TCGA-17-Z011*'
#       'TCGA-17-Z034*' 'TCGA-17-Z045*' 'TCGA-17-Z051*' 'TCGA-17-Z053*' 'TCGA-38-6178*' 'TCGA-50-6594*'
#       'TCGA-60-2715*' 'TCGA-92-8065*' 'TCGA-17-Z062*' 'TCGA-50-6591*' 'TCGA-51-4080*' 'TCGA-60-2722*'
title = 'Which settings of LIDnet matter'
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
bounded, l1 = '../lidnet/lidnet_cpce_faster-rcnn_r18_chest_limited.py', '../baselines/cpce_l1_chest.py'


def _denoiser_steps(steps, scheduler):
    return {
        f'param_scheduler{scheduler}': [
            dict(type='CosineAnnealingLR', by_epoch=False, begin=0, end=steps, T_max=steps, eta_min=1e-5),
        ],
    }


def _matched(steps):
    return {'train_cfg.max_iters': steps, 'train_cfg.val_interval': steps, **_denoiser_steps(steps, '')}


def _pretraining(steps):
    end = steps + 100
    return {
        'train_cfg.pretrain_iters': steps,
        'param_scheduler.detector': [
            dict(type='LinearLR', start_factor=0.1, by_epoch=False, begin=0, end=50),
            dict(type='CosineAnnealingLR', by_epoch=False, begin=50, end=end, T_max=end - 50, eta_min=1e-5),
        ],
    }


# Half the denoiser steps of chest_nodules.py, two rounds; T1 = 300.
_common = {
    'train_cfg.denoiser_iters': 150,
    'train_cfg.detector_iters': 50,
    **_denoiser_steps(300, '.denoiser'),
    **_pretraining(300),
}
# The other value of each: the paper's feedback without a bound (ten times L1), four times the T1 (300), the
# levels of the feature pyramid by size (all maps of the backbone), annotated lesions as regions (proposals), a
# detector that rests after T1 (50 steps on denoised slices a round).
_other = {
    'unbounded': {'model.feedback_limit': None},
    'long': _pretraining(1200),
    'neck': {'model.feature_source': 'neck', 'model.roi_perceptual_loss.levels': 'by_size'},
    'annotated': {'model.region_source': dict(type='lidnet_mm.AnnotatedRegions')},
    'rests': {'train_cfg.detector_iters': 0},
}


def _run(first, second, third, seed):
    """One of the quarter in which the last two are products of the others; seed 1 is its mirror image."""
    signs = [first, second, third, first * second, first * third]
    if seed:
        signs = [-sign for sign in signs]
    words = [word for word, sign in zip(_other, signs) if sign > 0]
    options = dict(_common)
    for word in words:
        options.update(_other[word])
    return dict(method='lidnet', name='-'.join(words) or 'none', config=bounded, options=options, seeds=[seed])


_signs = (-1, 1)
methods = [
    dict(method='ldct'),
    dict(method='matched', config=l1, options=_matched(300)),
    dict(method='matched', name='longer', config=l1, options=_matched(1200), seeds=[0, 1]),
    *[_run(a, b, c, seed) for seed in (0, 1) for a in _signs for b in _signs for c in _signs],
    dict(method='ndct'),
]
seeds = [0, 1, 2, 3]
num_cases = 3
notes = {
    'Data': 'training patients of the chest nodules alone: nine to train on, six to score',
    'Selection': 'none: the last checkpoint of each training is scored',
}
