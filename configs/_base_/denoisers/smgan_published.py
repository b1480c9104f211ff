# SSMS (SMGAN, You et al. 2018): -D(G(x)) + 50 (0.89 MS-SSIM + 0.11 L1). tau = 0.89 is its authors';
# beta_ssim = 50 is appendix A's, read as the factor of their whole structural loss.
tau, beta_ssim = 0.89, 50.0
denoiser = dict(
    type='lidnet_mm.DenoisingModel',
    generator=dict(type='lidnet_mm.SMGAN'),
    losses=dict(
        structure=dict(type='lidnet_mm.MSSSIMLoss', loss_weight=beta_ssim * tau),
        reconstruction=dict(
            type='lidnet_mm.ReconstructionLoss', norm='l1', loss_weight=beta_ssim * (1 - tau))),
    critic=dict(type='lidnet_mm.SliceCritic'),
    loss_adversarial=dict(type='lidnet_mm.WGANGPLoss', penalty_weight=10.0))
