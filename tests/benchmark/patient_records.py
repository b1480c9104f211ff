"""Records of a test run of eight patients."""

from made_up_records import lesion, record

BOX = (10.0, 10.0, 20.0, 20.0)


def records(found, psnr=30.0):
    """Eight patients with a lesion of 10 mm each; the first ``found`` are found."""
    kept = []
    for patient in range(8):
        boxes, scores = ([BOX], [0.9]) if patient < found else ((), ())
        name = f"case_{patient:04d}"
        kept.append(record(boxes, scores, [lesion(BOX, psnr=25.0, rmse=40.0)], name, psnr=psnr))
    return kept
