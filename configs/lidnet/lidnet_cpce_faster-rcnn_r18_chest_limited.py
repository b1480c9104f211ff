# LIDnet on inserted nodules, the gradient of its feedback on the image at most ten times that of L1:
# lambda_1 and lambda_2 then only weigh the two against each other. Why ten: docs/detectors.md.
_base_ = './lidnet_cpce_faster-rcnn_r18_chest.py'
model = dict(feedback_limit=10.0)
