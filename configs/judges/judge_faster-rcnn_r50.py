# The judge for your own data: mmdet's Faster R-CNN with ResNet-50, trained on NDCT only.
#   mim train lidnet_mm judge_faster-rcnn_r50.py --cfg-options data_root=data/mine
_base_ = [
    '../_base_/datasets/nifti_lesions_ndct.py',
    '../_base_/default_runtime.py',
    'mmdet::_base_/models/faster-rcnn_r50_fpn.py',
]
resnet50 = 'https://download.pytorch.org/models/resnet50-0676ba61.pth'
model = dict(
    data_preprocessor=dict(
        _delete_=True,
        type='lidnet_mm.CTDetDataPreprocessor',
        window=(-1000, 1000),
        detector_windows=[(-1000, 400)],
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375]),
    # ImageNet weights; for another source or a local file, override this one line.
    backbone=dict(init_cfg=dict(checkpoint=resnet50)),
    roi_head=dict(bbox_head=dict(num_classes=1)))
train_cfg = dict(type='IterBasedTrainLoop', max_iters=12000, val_interval=2000)
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='SGD', lr=0.01, momentum=0.9, weight_decay=1e-4))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.001, by_epoch=False, begin=0, end=500),
    dict(type='MultiStepLR', by_epoch=False, begin=0, end=12000, milestones=[8000, 11000]),
]
