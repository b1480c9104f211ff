# LIDnet on inserted nodules with a hundredth of the paper's lambda_1 and lambda_2.
_base_ = './lidnet_cpce_faster-rcnn_r18_chest.py'
model = dict(roi_perceptual_loss=dict(loss_weight=0.05), detection_loss_weight=0.05)
