# LIDnet, CNN form (Eq. 8), with the lambda_1 = lambda_2 of the other detectors' runs on STS: with
# the paper's 5 the detector's feedback outweighs L1 in so few steps (docs/denoisers.md).
_base_ = './lidnet_cpce_faster-rcnn_r18_sts.py'
model = dict(
    roi_perceptual_loss=dict(loss_weight=0.1), detection_loss_weight=0.1)
