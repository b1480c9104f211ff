"""Noise of a slice that is another at every visit in training, at the cost of reading it."""

from functools import partial

import numpy as np

from lidnet_mm.datasets.draw import Draw
from lidnet_mm.datasets.transforms.noise_draws import SliceNoise
from lidnet_mm.seeding import seed_for


def training_noise(noise: SliceNoise, realizations: int, draw: Draw) -> np.ndarray:
    """Noise of one visit, a function of the slice and of the draw's seed and number alone.

    Without a cache a new draw is simulated. With one, visit k < K has draw k + 1 of K; each later
    one has ``mean + sum of w_k (draw_k - mean)``, w a random vector of unit length. Draws are
    independent, so that the sum has their covariance; the mean over all w is that of the draws.
    Where LDCT is no NDCT plus noise, a later visit has one of the K draws.

    With a range of doses the draws are those of its middle, and ``s`` times their deviation from
    the mean and ``s**2`` times the mean is added for a noise of s times the middle's: exact where
    quantum noise of many photons prevails.

    Args:
        noise: The noise of the slice.
        realizations: K, >= 2.
        draw: This visit.

    Returns:
        (H, W) float32 in HU.

    Raises:
        ValueError: The slice cannot be simulated.
    """
    mode = noise.source.mode
    random = np.random.default_rng(seed_for("noise", draw.seed))
    level = noise.source.level(random)
    if noise.source.cache is None:
        return noise.once(draw.seed, level)
    first = draw.visit is not None and draw.visit < realizations
    if first or not mode.adds_noise:
        number = draw.visit if first else int(random.integers(realizations))
        weights = np.eye(realizations)[number]
    else:
        weights = unit_vector(random, realizations)
    return _mixed(noise, weights, 1.0 if level is None else level / mode.noise_hu)


def unit_vector(random: np.random.Generator, size: int) -> np.ndarray:
    """A direction, all equally likely.

    Args:
        random: Source of randomness.
        size: Number of dimensions.

    Returns:
        (size,) float64 of length 1.
    """
    vector = random.standard_normal(size)
    return vector / np.linalg.norm(vector)


def _mixed(noise: SliceNoise, weights: np.ndarray, scale: float) -> np.ndarray:
    """``scale**2 mean + scale * sum of weights (draw - mean)``; what has no weight is not read."""
    terms = [
        partial(noise.numbered, number, scale * float(weight))
        for number, weight in enumerate(weights, start=1)
        if weight
    ]
    of_mean = scale**2 - scale * float(weights.sum())
    if of_mean:
        terms.append(partial(noise.mean, of_mean))
    mixed = terms[0]()
    for term in terms[1:]:
        mixed += term()
    return mixed
