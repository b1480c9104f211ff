# LIDnet, CNN form (Eq. 8), the gradient of its feedback on the image at most ten times that of L1.
_base_ = './lidnet_cpce_faster-rcnn_r18_sts_short.py'
model = dict(
    roi_perceptual_loss=dict(loss_weight=5.0), detection_loss_weight=5.0, feedback_limit=10.0)
