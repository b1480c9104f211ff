# Every denoiser on soft-tissue sarcomas, filters, baselines and LIDnet, in short runs: one seed.
title = 'Denoisers on soft-tissue sarcomas in CT, short runs'
data_root = 'data/sts'
methods = [
    dict(method='ldct'),
    dict(method='classical', name='bilateral', config='../classical/bilateral_sts.py'),
    dict(method='classical', name='nlm', config='../classical/nlm_sts.py'),
    dict(method='classical', name='bm3d', config='../classical/bm3d_sts.py'),
    dict(method='baseline', name='cpce', config='../baselines/cpce_adv_sts_short.py'),
    dict(method='baseline', name='mapnn', config='../baselines/mapnn_adv_sts_short.py'),
    dict(method='baseline', name='redcnn', config='../baselines/redcnn_mse_sts_short.py'),
    dict(method='baseline', name='reshlf', config='../baselines/reshlf_adv_sts_short.py'),
    dict(method='baseline', name='restormer', config='../baselines/restormer_l1_sts_short.py'),
    dict(method='baseline', name='smgan', config='../baselines/smgan_adv_sts_short.py'),
    dict(method='baseline', name='wganvgg', config='../baselines/wgan-vgg_adv_sts_short.py'),
    dict(
        method='lidnet',
        name='cpce',
        config='../lidnet/lidnet_cpce_faster-rcnn_r18_sts_short.py'),
    dict(
        method='lidnet',
        name='mapnn',
        config='../lidnet/lidnet_mapnn_faster-rcnn_r18_sts_short.py'),
    dict(
        method='lidnet',
        name='reshlf',
        config='../lidnet/lidnet_reshlf_faster-rcnn_r18_sts_short.py'),
    dict(
        method='lidnet',
        name='smgan',
        config='../lidnet/lidnet_smgan_faster-rcnn_r18_sts_short.py'),
    dict(
        method='lidnet',
        name='wganvgg',
        config='../lidnet/lidnet_wgan-vgg_faster-rcnn_r18_sts_short.py'),
    dict(
        method='lidnet_gan',
        name='cpce',
        config='../lidnet/lidnet_cpce_gan_faster-rcnn_r18_sts_short.py'),
    dict(
        method='lidnet',
        name='redcnn',
        config='../lidnet/lidnet_redcnn_faster-rcnn_r18_sts_short.py'),
    dict(method='ndct'),
]
seeds = [0]
num_cases = 4
case_window = (-160, 240)
dose = 'simulated, 60 HU of noise in the body (RMS), parallel beam, 360 views'
notes = {
    'Data': '24 patients (18 train, 6 test), whole slices of 134 to 234 pixels of 0.98 mm; '
            'Vallieres et al. 2015, The Cancer Imaging Archive, CC BY 3.0',
    'Reading': 'minutes of training and one seed: it shows that every denoiser trains, not which '
               'is better',
    'Perceptual loss': 'the VGG-19 of WGAN-VGG and CPCE has random weights here',
}
