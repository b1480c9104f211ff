# The Faster R-CNN for nodules with half the channels of ResNet-18: 13 MB of weights.
_base_ = './faster-rcnn_r18_chest.py'
detector = dict(
    backbone=dict(base_channels=32),
    neck=dict(in_channels=[32, 64, 128, 256]))
