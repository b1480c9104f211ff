"""Made-up CT slices for the benchmarks."""

import numpy as np


def make_volume(generator: np.random.Generator, depth: int, size: int) -> np.ndarray:
    """(depth, size, size) int16 in HU: a body with two lungs in air, noise of 20 HU."""
    rows, columns = np.mgrid[:size, :size] / size - 0.5
    image = np.where(np.hypot(rows * 1.3, columns) < 0.42, 40.0, -1000.0)
    for side in (-0.2, 0.2):
        image[np.hypot(rows, (columns - side) * 1.4) < 0.2] = -850
    noise = generator.normal(0, 20, (depth, size, size))
    return np.clip(np.rint(image + noise), -1024, 3071).astype(np.int16)
