# The small Faster R-CNN for nodules of a few pixels: a lung window and anchors from 4 pixels.
_base_ = './faster-rcnn_r18_small.py'
detector = dict(
    data_preprocessor=dict(detector_windows=[(-1000, 200)]),
    rpn_head=dict(anchor_generator=dict(scales=[1, 2])))
