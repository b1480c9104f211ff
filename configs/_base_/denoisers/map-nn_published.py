# MAP-NN (Shan et al. 2019): -D(G(x)) + 50 MSE + 50 edges, the losses of its own code.
denoiser = dict(
    type='lidnet_mm.DenoisingModel',
    generator=dict(type='lidnet_mm.MAPNN', num_modules=3),
    losses=dict(
        reconstruction=dict(type='lidnet_mm.ReconstructionLoss', norm='l2', loss_weight=50.0),
        edge=dict(type='lidnet_mm.SobelLoss', loss_weight=50.0)),
    critic=dict(type='lidnet_mm.SliceCritic'),
    loss_adversarial=dict(type='lidnet_mm.WGANGPLoss', penalty_weight=10.0))
