# WGAN-VGG (Yang et al. 2018): -D(G(x)) + 100 VGG, the weight of this paper's appendix A.
denoiser = dict(
    type='lidnet_mm.DenoisingModel',
    generator=dict(type='lidnet_mm.WGANVGG'),
    losses=dict(
        perceptual=dict(
            type='lidnet_mm.VGGPerceptualLoss', weights='vgg19_caffe', loss_weight=100.0)),
    critic=dict(type='lidnet_mm.SliceCritic'),
    loss_adversarial=dict(type='lidnet_mm.WGANGPLoss', penalty_weight=10.0))
