# LIDnet on inserted nodules, its feedback no larger on the image than the gradient of L1: lambda_1 and
# lambda_2 then only weigh the two against each other.
_base_ = './lidnet_cpce_faster-rcnn_r18_chest.py'
model = dict(feedback_limit=1.0)
