"""Records of made-up slices."""

import numpy as np

from lidnet_mm.evaluation.slice_record import LesionRecord, SliceRecord


def lesion(box, size_mm=10.0, **changes):
    """A lesion with some value in each field."""
    fields = {
        "diameter_mm": None,
        "psnr": 20.0,
        "rmse": 30.0,
        "correlation": 0.1,
        "homogeneity": 0.2,
        "energy": 0.3,
        "flattened": False,
    }
    return LesionRecord(tuple(map(float, box)), size_mm, **{**fields, **changes})


def record(boxes=(), scores=(), lesions=(), patient="p0", index=0, **changes):
    """A slice; lesions are boxes or records."""
    known = [item if isinstance(item, LesionRecord) else lesion(item) for item in lesions]
    fields = {"series": "", "spacing": (1.0, 1.0), "psnr": 30.0, "ssim": 0.9, "rmse": 0.03,
              "texture": "PyRadiomics 3.0.1"}  # fmt: skip
    return SliceRecord(
        patient=patient,
        slice_index=index,
        lesions=known,
        boxes=np.array(boxes, np.float32).reshape(-1, 4),
        scores=np.array(scores, np.float32),
        **{**fields, **changes},
    )


def random_records(seed, count=30, patients=6, ties=False, whole=True, most=8):
    """Slices with 0 to 3 lesions and 0 to ``most`` boxes, about half of them near a lesion.

    The first slice has lesions and no box, the second boxes and no lesion. With ``ties`` there are
    five scores in all. Whole edges make many an overlap exactly 0.5. All seeds have the same
    lesions.
    """
    layout, draw = np.random.default_rng(1234), np.random.default_rng(seed)
    found = []
    for index in range(count):
        number = {0: 2, 1: 0}.get(index, layout.integers(0, 4))
        corners = layout.integers(0, 60, (number, 2))
        truth = np.hstack([corners, corners + layout.integers(4, 16, corners.shape)]).astype(float)
        boxes = []
        for _ in range({0: 0, 1: 3}.get(index, draw.integers(0, most + 1))):
            if len(truth) and draw.random() < 0.6:
                shift = draw.integers(-3, 4, 4) if whole else draw.normal(0, 1.5, 4)
                box = truth[draw.integers(len(truth))] + shift
            else:
                corner = draw.integers(0, 60, 2)
                box = np.r_[corner, corner + draw.integers(0, 16, 2)]
            boxes.append(box)
        scores = draw.integers(1, 6, len(boxes)) / 8 if ties else draw.random(len(boxes))
        slice_ = record(
            boxes,
            scores,
            [lesion(box, size_mm=float(max(box[2:] - box[:2]))) for box in truth],
            patient=f"p{index % patients}",
            index=index,
            psnr=float(draw.normal(30, 2)),
        )
        found.append(slice_)
    return found
