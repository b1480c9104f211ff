# Real lesions: six denoisers on soft-tissue sarcomas, alone, with as many L1 steps, and in LIDnet;
# three seeds, a second judge of another family.
title = 'LIDnet on soft-tissue sarcomas in CT'
datasets = {
    'sarcomas': dict(
        data_root='data/sts',
        case_window=(-160, 240),
        judges=[
            '../judges/judge_faster-rcnn_r18_sts.py',
            '../judges/judge_atss_r18_sts.py',
        ]),
}
# At 60 HU L1 alone lets the judge find as much as NDCT does; at 120 HU it loses a third.
doses = {
    '120 HU': {'low_dose.noise_hu': 120},
    '60 HU': {'low_dose.noise_hu': 60},
    '240 HU': {'low_dose.noise_hu': 240},
}
# A generator of RED-CNN's size costs twenty times the others on a CPU: a third of its channels.
denoisers = {
    'CPCE': dict(
        generator=dict(type='lidnet_mm.CPCE'),
        configs=dict(baseline='../baselines/cpce_adv_sts_short.py')),
    'MAP-NN': dict(
        generator=dict(type='lidnet_mm.MAPNN', num_modules=3),
        configs=dict(baseline='../baselines/mapnn_adv_sts_short.py')),
    'RED-CNN (32 channels)': dict(
        generator=dict(type='lidnet_mm.REDCNN', channels=32),
        configs=dict(baseline='../baselines/redcnn_mse_sts_short.py'),
        options=dict(
            baseline={'model.generator.channels': 32},
            matched={'optim_wrapper.optimizer.lr': 3e-4},
            lidnet={'optim_wrapper.denoiser.optimizer.lr': 3e-4})),
    'Res-HLF': dict(
        generator=dict(type='lidnet_mm.ResHLF'),
        configs=dict(baseline='../baselines/reshlf_adv_sts_short.py')),
    'SSMS': dict(
        generator=dict(type='lidnet_mm.SMGAN'),
        configs=dict(baseline='../baselines/smgan_adv_sts_short.py')),
    'WGAN-VGG': dict(
        generator=dict(type='lidnet_mm.WGANVGG'),
        configs=dict(baseline='../baselines/wgan-vgg_adv_sts_short.py')),
}
l1, limited = '../baselines/cpce_l1_sts_short.py', '../lidnet/lidnet_cpce_faster-rcnn_r18_sts_short_limited.py'
unlimited = {'model.feedback_limit': None}
main, sweep, one, cpce = ['120 HU'], ['60 HU', '240 HU'], [0], ['CPCE']
methods = [
    dict(method='ldct'),
    # BM3D is told the noise, in a window of 2000 HU.
    dict(method='classical', denoiser='BM3D', config='../classical/bm3d_sts.py', doses=main,
         options={'model.generator.sigma': 0.06}),
    dict(method='baseline', doses=main, seeds=one),
    dict(method='matched', config=l1, doses=main),
    # As in the paper: lambda_1 = lambda_2 = 5.
    dict(method='lidnet', config=limited, options=unlimited, doses=main),
    # The feedback's gradient at most ten times that of L1.
    dict(method='lidnet', name='bounded', config=limited, doses=main),
    # Other doses.
    dict(method='matched', config=l1, denoisers=cpce, doses=sweep, seeds=one),
    dict(method='lidnet', config=limited, options=unlimited, denoisers=cpce, doses=sweep, seeds=one),
    dict(method='lidnet', name='bounded', config=limited, denoisers=cpce, doses=sweep, seeds=one),
    dict(method='ndct'),
]
seeds = [0, 1, 2]
num_cases = 6
notes = {
    'Data': '24 patients (18 train, 6 test), whole slices of 134 to 234 pixels of 0.98 mm; '
            'Vallieres et al. 2015, The Cancer Imaging Archive, CC BY 3.0',
    'Selection': 'none: the last checkpoint of each training is scored',
    'Perceptual loss': 'the VGG-19 of the WGAN-VGG and CPCE baselines has random weights',
}
