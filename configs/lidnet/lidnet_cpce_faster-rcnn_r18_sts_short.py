# LIDnet, CNN form (Eq. 8), on crops of 96 x 96 pixels: the short runs of docs/denoisers.md.
_base_ = './lidnet_cpce_faster-rcnn_r18_sts.py'
# With the paper's 5 the detector's feedback outweighs L1 in so few steps.
model = dict(
    roi_perceptual_loss=dict(loss_weight=0.1), detection_loss_weight=0.1)
train_pipeline = [
    dict(type='lidnet_mm.LoadCTSlice'),
    dict(type='LoadAnnotations', with_bbox=True),
    _base_.low_dose,
    dict(type='RandomCrop', crop_size=(96, 96), allow_negative_crop=True),
    dict(type='RandomFlip', prob=0.5),
    dict(type='lidnet_mm.PackLIDInputs'),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
