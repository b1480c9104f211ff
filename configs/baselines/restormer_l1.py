# A small Restormer trained alone with L1, as many steps as LIDnet's denoiser gets.
#   mim train lidnet_mm restormer_l1.py --cfg-options data_root=data/mine
_base_ = './cpce_l1.py'
model = dict(generator=dict(type='lidnet_mm.Restormer'))
