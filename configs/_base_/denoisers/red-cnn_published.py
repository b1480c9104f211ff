# RED-CNN (Chen et al. 2017): mean squared error alone.
denoiser = dict(
    type='lidnet_mm.DenoisingModel',
    generator=dict(type='lidnet_mm.REDCNN'),
    losses=dict(reconstruction=dict(type='lidnet_mm.ReconstructionLoss', norm='l2')))
