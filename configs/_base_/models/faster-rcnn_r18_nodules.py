# The small Faster R-CNN for lung nodules: a wide window and anchors from 8 pixels.
_base_ = './faster-rcnn_r18_small.py'
detector = dict(
    data_preprocessor=dict(detector_windows=[(-1000, 200)]),
    rpn_head=dict(anchor_generator=dict(scales=[2])))
