"""What every loss between two images asks of them."""

from torch import Tensor


def check_image_pair(denoised: Tensor, reference: Tensor, smallest: int, wanted_by: str) -> None:
    """Say what does not fit before a broadcast or a convolution's own error hides it.

    Args:
        denoised (Tensor): (N, 1, H, W).
        reference (Tensor): The same shape.
        smallest (int): Pixels that H and W must have at least.
        wanted_by (str): What needs so many pixels, and what to do; ends the message.

    Raises:
        ValueError: If the shapes differ, are not (N, 1, H, W), or a side is too small.
    """
    ours, theirs = tuple(denoised.shape), tuple(reference.shape)
    if ours != theirs:
        raise ValueError(f"images differ in shape: denoised {ours}, reference {theirs}")
    if len(ours) != 4 or ours[1] != 1:
        raise ValueError(f"images must be (N, 1, H, W), got {ours}")
    if min(ours[2:]) < smallest:
        raise ValueError(
            f"images of {ours[2]} x {ours[3]} pixels are too small: "
            f"at least {smallest} x {smallest} pixels are needed by {wanted_by}"
        )
