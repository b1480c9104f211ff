# Soft-tissue sarcomas: LDCT, CPCE alone, CPCE in LIDnet, NDCT; three seeds, one judge.
title = 'LIDnet on soft-tissue sarcomas in CT'
data_root = 'data/sts'
methods = [
    dict(method='ldct'),
    dict(method='baseline', config='../baselines/cpce_l1_sts.py'),
    dict(method='lidnet', config='../lidnet/lidnet_cpce_faster-rcnn_r18_sts.py'),
    dict(method='ndct'),
]
seeds = [0, 1, 2]
num_cases = 6
case_depth = 5
case_window = (-160, 240)
dose = 'simulated, 60 HU of noise in the body (RMS), parallel beam, 360 views'
notes = {
    'Data': '24 patients (18 train, 6 test), whole slices of 134 to 234 pixels of 0.98 mm; '
            'Vallieres et al. 2015, The Cancer Imaging Archive, CC BY 3.0',
    'Selection': 'none: the last checkpoint of each training is scored',
}
