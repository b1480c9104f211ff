"""Call two of mmcv's compiled ops where the right answer is known. Run as a script.

It prints the devices that passed and ends with status 0, or prints what is wrong in one line and
ends with status 1. A library that was built for another PyTorch may also end the process.
"""

import sys


def call_ops(device: str) -> None:
    """Check non-maximum suppression and RoIAlign on a device.

    Raises:
        ValueError: If a result is not the expected one.
    """
    import torch
    from mmcv.ops import nms, roi_align

    boxes = torch.tensor([[0.0, 0, 10, 10], [1, 1, 11, 11], [20, 20, 30, 30]], device=device)
    scores = torch.tensor([0.9, 0.8, 0.7], device=device)
    _, kept = nms(boxes, scores, iou_threshold=0.5)
    if kept.tolist() != [0, 2]:
        raise ValueError(f"nms keeps {kept.tolist()}, not [0, 2]")
    # A plane: its mean over a region is its value in the middle, 1.5 + 4 * 1.5.
    plane = torch.arange(16, dtype=torch.float32, device=device).reshape(1, 1, 4, 4)
    region = torch.tensor([[0.0, 0, 0, 4, 4]], device=device)
    mean = roi_align(plane, region, (1, 1), 1.0, 2, "avg", True).item()
    if abs(mean - 7.5) > 1e-4:
        raise ValueError(f"roi_align gives {mean}, not 7.5")


def main() -> None:
    """Try the CPU, and the GPU where PyTorch sees one."""
    device = "import"
    try:
        import torch

        devices = ["cpu", "cuda"] if torch.cuda.is_available() else ["cpu"]
        for device in devices:
            call_ops(device)
    except Exception as error:  # whatever is wrong with them, it is what is asked for
        first = str(error).strip().partition("\n")[0]
        sys.exit(f"{device}: {type(error).__name__}: {first}")
    print(" ".join(devices))


if __name__ == "__main__":
    main()
