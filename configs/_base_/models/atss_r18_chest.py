# ATSS for nodules of a few pixels: a lung window, and no maps for what is larger.
_base_ = './atss_r18_small.py'
detector = dict(
    data_preprocessor=dict(detector_windows=[(-1000, 200)]),
    neck=dict(num_outs=4),
    bbox_head=dict(anchor_generator=dict(strides=[4, 8, 16, 32])))
