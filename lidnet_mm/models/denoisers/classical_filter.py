"""What the filters without parameters share: the loop over slices and the noise they assume."""

from abc import abstractmethod

import numpy as np
import torch
from skimage import restoration  # loads its functions, and SciPy, when they are called
from torch import Tensor

from lidnet_mm.models.denoisers.base_generator import BaseGenerator


class ClassicalFilter(BaseGenerator):
    """A denoiser with nothing to learn: one filter, applied to each slice by itself.

    The filters run in double precision on the CPU, whatever the device and type of the slices,
    and give no gradient: the output is a tensor without graph. They are for scoring, and for
    training a detector on what they denoise, not for training in a denoiser's place.

    Their constants are multiples of the noise, chosen for the smallest error on simulated
    low-dose slices of the procedural thorax phantom with 30, 60 and 120 HU of noise, in a
    window of 2000 HU. No patient was looked at.

    Args:
        sigma (float, optional): Standard deviation of the noise in [0, 1]: 60 HU in a window of
            2000 HU are 0.03. None estimates it from each slice with scikit-image's
            ``estimate_sigma``, which takes the noise as white; the noise of filtered
            back-projection is correlated, and the air of a slice is clipped, so that the
            estimate came to 0.4 to 0.55 of the noise in the simulated bodies and the slices
            stayed noisier. Give it where it is known. Defaults to None.
        strength (float): Multiple of ``sigma`` that the filter takes for its width.
        init_cfg (dict, optional): MMEngine's initialisation; there is nothing to initialise.

    Raises:
        ValueError: If ``sigma`` or ``strength`` is not positive and finite.
    """

    #: Pixels that a pixel of the output sees to each side once the noise is given.
    window_radius: int | None = None

    def __init__(
        self, sigma: float | None = None, strength: float = 1.0, init_cfg: dict | None = None
    ) -> None:
        super().__init__(in_channels=1, init_cfg=init_cfg)
        for name, value in (("sigma", sigma), ("strength", strength)):
            if value is not None and not 0 < value < np.inf:
                raise ValueError(
                    f"{type(self).__name__} needs a positive {name}, got {value}; sigma is on the "
                    "[0, 1] scale: 60 HU in a window of 2000 HU are 0.03"
                )
        self.sigma = sigma
        self.strength = strength

    @property
    def receptive_radius(self) -> int | None:
        """The filter's window; None where the noise is estimated, from the whole slice."""
        return None if self.sigma is None else self.window_radius

    def denoise(self, x: Tensor) -> Tensor:
        """(N, 1, H, W) in [0, 1] to the same shape, type and device, without graph."""
        slices = x.detach()[:, 0].to("cpu", torch.float64).numpy()
        out = np.empty(slices.shape)
        for index, image in enumerate(slices):
            sigma = self.sigma or self.estimated_sigma(image)
            out[index] = self.filter_slice(image, self.strength * sigma) if sigma else image
        return torch.from_numpy(out)[:, None].to(x.device, x.dtype)

    def estimated_sigma(self, image: np.ndarray) -> float:
        """Noise of a slice (H, W) in its own unit; 0 for one without any, or of one pixel."""
        if min(image.shape) < 2 or np.ptp(image) == 0:
            return 0.0
        sigma = float(restoration.estimate_sigma(image))
        return sigma if np.isfinite(sigma) else 0.0

    @abstractmethod
    def filter_slice(self, image: np.ndarray, width: float) -> np.ndarray:
        """Filter one slice.

        Args:
            image (np.ndarray): (H, W), float64, [0, 1].
            width (float): ``strength`` times the noise, above 0.

        Returns:
            np.ndarray: (H, W), float64.
        """
