# Does LIDnet help? Nodules of 4 to 14 mm put into real chest CT, where noise limits detection: six
# denoisers alone, with as many L1 steps, and in LIDnet; a second judge of another family; ablations.
title = 'LIDnet on nodules in chest CT'
datasets = {
    'chest nodules': dict(
        data_root='data/chest_nodules',
        case_window=(-1350, 150),
        judges=[
            '../judges/judge_faster-rcnn_r18_chest.py',
            '../judges/judge_atss_r18_chest.py',
        ]),
}
# The first dose is that of the main table; the sweep shows where a denoiser still loses lesions.
doses = {
    '250 HU': {'low_dose.noise_hu': 250},
    '150 HU': {'low_dose.noise_hu': 150},
    '400 HU': {'low_dose.noise_hu': 400},
}
# A generator of RED-CNN's size costs twenty times the others on a CPU: a third of its channels.
red_cnn = {'optim_wrapper.denoiser.optimizer.lr': 3e-4}
denoisers = {
    'CPCE': dict(
        generator=dict(type='lidnet_mm.CPCE'),
        configs=dict(baseline='../baselines/cpce_adv_chest.py'),
        # Figure 4: its regions along the training.
        options=dict(lidnet={
            'custom_hooks': [dict(type='lidnet_mm.RegionRecorderHook', interval=200)],
        })),
    'MAP-NN': dict(
        generator=dict(type='lidnet_mm.MAPNN', num_modules=3),
        configs=dict(baseline='../baselines/mapnn_adv_chest.py')),
    'RED-CNN (32 channels)': dict(
        generator=dict(type='lidnet_mm.REDCNN', channels=32),
        configs=dict(baseline='../baselines/redcnn_mse_chest.py'),
        options=dict(
            baseline={'model.generator.channels': 32},
            matched={'optim_wrapper.optimizer.lr': 3e-4},
            lidnet=red_cnn)),
    'Res-HLF': dict(
        generator=dict(type='lidnet_mm.ResHLF'),
        configs=dict(baseline='../baselines/reshlf_adv_chest.py')),
    'SSMS': dict(
        generator=dict(type='lidnet_mm.SMGAN'),
        configs=dict(baseline='../baselines/smgan_adv_chest.py')),
    'WGAN-VGG': dict(
        generator=dict(type='lidnet_mm.WGANVGG'),
        configs=dict(baseline='../baselines/wgan-vgg_adv_chest.py')),
}
l1 = '../baselines/cpce_l1_chest.py'
limited = '../lidnet/lidnet_cpce_faster-rcnn_r18_chest_limited.py'
paper = '../lidnet/lidnet_cpce_faster-rcnn_r18_chest.py'
gan = '../lidnet/lidnet_cpce_gan_faster-rcnn_r18_chest.py'
no_perceptual = {'model.roi_perceptual_loss.loss_weight': 0, 'custom_hooks': []}
no_detection = {'model.detection_loss_weight': 0}
whole_slice = {'model.region_source': dict(type='lidnet_mm.WholeSliceRegions')}
# What the GAN form has: half the batch, two thirds of the steps, its Adam.
short = {
    'train_dataloader.batch_size': 2,
    'train_cfg.denoiser_iters': 200,
    'param_scheduler.denoiser': [
        dict(type='CosineAnnealingLR', by_epoch=False, begin=0, end=400, T_max=400, eta_min=1e-5),
    ],
    'optim_wrapper.denoiser.optimizer.betas': (0.5, 0.9),
}
kept = {'default_hooks.checkpoint.max_keep_ckpts': -1}
main, sweep, one, cpce = ['250 HU'], ['150 HU', '400 HU'], [0], ['CPCE']
others = [name for name in denoisers if name != 'CPCE']
methods = [
    dict(method='ldct'),
    dict(method='classical', denoiser='BM3D', config='../classical/bm3d_chest.py', doses=main),
    dict(method='baseline', doses=main, seeds=one),
    dict(method='matched', config=l1, doses=main),
    # As in the paper: lambda_1 = lambda_2 = 5.
    dict(method='lidnet', config=paper, doses=main),
    # Table 4: the two differ in the adversarial loss alone.
    dict(method='lidnet', name='short', config=paper, options=short, denoisers=cpce, doses=main,
         seeds=one),
    dict(method='lidnet_gan', name='short', config=gan, denoisers=cpce, doses=main, seeds=one),
    # The feedback's gradient at most ten times that of L1. Figure 3: AP along the training.
    dict(method='lidnet', name='bounded', config=limited, denoisers=cpce, doses=main, along=200, options=kept),
    dict(method='lidnet', name='bounded', config=limited, denoisers=others, doses=main),
    dict(method='joint', name='bounded', config=limited, denoisers=cpce, doses=main, along=200,
         options={'train_cfg.joint': True, **kept}),
    # One thing changed at a time.
    dict(method='lidnet', name='bounded-no-perceptual', config=limited, options=no_perceptual,
         denoisers=cpce, doses=main, seeds=one),
    dict(method='lidnet', name='bounded-no-detection', config=limited, options=no_detection,
         denoisers=cpce, doses=main, seeds=one),
    dict(method='lidnet', name='bounded-whole-slice', config=limited, options=whole_slice,
         denoisers=cpce, doses=main, seeds=one),
    dict(method='lidnet', name='bounded-k1', config=limited, denoisers=cpce, doses=main, seeds=one,
         options={'model.roi_perceptual_loss.num_rois': 1}),
    dict(method='lidnet', name='bounded-k20', config=limited, denoisers=cpce, doses=main, seeds=one,
         options={'model.roi_perceptual_loss.num_rois': 20}),
    # Other doses.
    dict(method='matched', config=l1, denoisers=cpce, doses=sweep, seeds=one),
    dict(method='lidnet', config=paper, denoisers=cpce, doses=sweep, seeds=one),
    dict(method='lidnet', name='bounded', config=limited, denoisers=cpce, doses=sweep, seeds=one),
    dict(method='ndct'),
]
seeds = [0, 1, 2]
num_cases = 6
notes = {
    'Data': '24 patients of TCGA-LUAD and TCGA-LUSC (The Cancer Imaging Archive, CC BY 3.0), slices '
            'of 512 x 512 pixels; nodules of 4 to 14 mm inserted (docs/nodules.md)',
    'Selection': 'none: the last checkpoint of each training is scored',
    'Perceptual loss': 'the VGG-19 of the WGAN-VGG and CPCE baselines has random weights',
}
