# Res-HLF (Ma et al. 2020), a reading without published code: -D(G(x)) + L1 + 50 SSIM.
denoiser = dict(
    type='lidnet_mm.DenoisingModel',
    generator=dict(type='lidnet_mm.ResHLF'),
    losses=dict(
        reconstruction=dict(type='lidnet_mm.ReconstructionLoss', norm='l1'),
        structure=dict(type='lidnet_mm.SSIMLoss', loss_weight=50.0)),
    critic=dict(type='lidnet_mm.SliceCritic'),
    loss_adversarial=dict(type='lidnet_mm.WGANGPLoss', penalty_weight=10.0))
