"""Configs of a small matrix, for tests that only plan it or run it with the stand-in for mim."""

LOOP = """
train_cfg = dict(
    type='lidnet_mm.CollaborativeTrainLoop',
    pretrain_iters=6, denoiser_iters=4, detector_iters=2, rounds=2)
optim_wrapper = dict(
    constructor='lidnet_mm.PartsOptimWrapperConstructor',
    denoiser=dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-3)),
    detector=dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=1e-2)))
"""
LOW_DOSE = """
low_dose = dict(type='lidnet_mm.SimulateLowDose', noise_hu=60)
train_dataloader = dict(dataset=dict(
    data_root='data', pipeline=[dict(type='lidnet_mm.LoadCTSlice'), low_dose]))
"""
JUDGE = (
    "model = dict(type='FasterRCNN')\ntrain_cfg = dict(type='IterBasedTrainLoop', max_iters=9)\n"
)
FILES = {
    "judge_a.py": JUDGE,
    "judge_b.py": JUDGE,
    "baseline.py": LOW_DOSE + "judge = 'judge_b.py'\n"
    "model = dict(type='lidnet_mm.DenoisingModel', generator=dict(type='lidnet_mm.CPCE'))\n"
    "train_cfg = dict(type='IterBasedTrainLoop', max_iters=8)\n",
    "redcnn.py": "_base_ = 'baseline.py'\nmodel = dict(generator=dict(type='lidnet_mm.REDCNN'))\n",
    "filter.py": "_base_ = 'baseline.py'\n"
    "model = dict(generator=dict(type='lidnet_mm.Bilateral'))\n",
    "lidnet.py": LOW_DOSE + LOOP + "judge = 'judge_b.py'\n"
    "model = dict(\n    type='lidnet_mm.LIDDetector',\n"
    "    denoiser=dict(\n        type='lidnet_mm.DenoisingModel',\n"
    "        generator=dict(type='lidnet_mm.CPCE', channels=8)),\n"
    "    roi_perceptual_loss=dict(type='lidnet_mm.ROIPerceptualLoss', num_rois=5),\n"
    "    detector=dict(type='FasterRCNN', backbone=dict(type='ResNet', depth=18)))\n",
    "matrix.py": """
title = 'Test'
datasets = {
    'chest': dict(data_root='{work_dir}/chest_data', case_window=(-1000, 400)),
    'STS': dict(
        data_root='{work_dir}/sts_data', case_window=(-160, 240), options={'dataset_name': 'sts'}),
}
doses = {'60 HU': {'low_dose.noise_hu': 60}, '120 HU': {'low_dose.noise_hu': 120}}
denoisers = {
    'CPCE': dict(generator=dict(type='lidnet_mm.CPCE'), configs=dict(baseline='baseline.py')),
    'RED-CNN': dict(
        generator=dict(type='lidnet_mm.REDCNN'),
        configs=dict(baseline='redcnn.py'),
        options=dict(lidnet={'optim_wrapper.denoiser.optimizer.lr': 1e-4})),
}
methods = [
    dict(method='ldct'),
    dict(method='classical', denoiser='Bilateral filter', config='filter.py'),
    dict(method='baseline'),
    dict(method='matched', config='baseline.py'),
    dict(method='lidnet', config='lidnet.py'),
    dict(
        method='lidnet', name='k1', config='lidnet.py', denoisers=['CPCE'], doses=['60 HU'],
        datasets=['chest'], seeds=[1], options={'model.roi_perceptual_loss.num_rois': 1}),
    dict(method='joint', config='lidnet.py', options={'train_cfg.joint': True}),
    dict(method='ndct'),
]
judges = ['judge_a.py', 'judge_b.py']
seeds = [0, 1]
num_cases = 2
dose = 'simulated'
""",
}
ONE_TABLE = """
datasets.pop('STS')
doses = {}
methods = [
    dict(method='ldct'), dict(method='matched', config='baseline.py'),
    dict(method='lidnet', config='lidnet.py')]
seeds = [0]
"""
"""Appended to the matrix: 5 cells, 2 judges, one T1."""
