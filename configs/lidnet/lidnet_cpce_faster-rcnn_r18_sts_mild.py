# LIDnet, CNN form (Eq. 8), with the lambda_1 = lambda_2 of the other detectors' runs on STS
# (_base_/lidnet_sts.py), so that they can be compared.
_base_ = './lidnet_cpce_faster-rcnn_r18_sts.py'
model = dict(
    roi_perceptual_loss=dict(loss_weight=0.01), detection_loss_weight=0.01)
