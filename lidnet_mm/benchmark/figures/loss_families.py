"""Which losses of a training are drawn, and what they are called."""

import re

import numpy as np

from lidnet_mm.benchmark.evidence.training_log import Curves

DENOISER_LOSSES = (
    ("Reconstruction loss", r"loss_recon"),
    ("Adversarial loss", r"loss_adversarial$"),
    ("Perceptual loss", r"loss_perceptual$"),
    ("Structure loss", r"loss_structure$"),
    ("Edge loss", r"loss_edge$"),
)
"""Parts of a denoiser's own loss, by the keys of its log."""

FEEDBACK_LOSSES = (
    ("ROI perceptual loss", r"loss_roi_perceptual$"),
    ("Detection loss", r"detector[./].*loss"),
)
"""What a LIDnet adds to them."""

CRITIC_CURVES = (
    ("Wasserstein estimate", r"critic[./]wasserstein$"),
    ("Gradient penalty", r"critic[./]loss_gradient_penalty$"),
)
"""What a critic's own iterations log; its total is the penalty less the estimate."""


def loss_families(curves: Curves) -> list[tuple[str, np.ndarray]]:
    """Curves to draw: the total, its parts where there are several, and those of a critic.

    Any other ``loss_<name>`` of a denoiser is a part under its name. Those of a plain detector,
    such as a judge's, are not: its parts differ from detector to detector.

    Args:
        curves (Curves): The training's log.

    Returns:
        list[tuple[str, np.ndarray]]: Title and (n,) values each, NaN where nothing was logged.
    """
    own = _matching(curves, DENOISER_LOSSES)
    feedback = _matching(curves, FEEDBACK_LOSSES)
    parts = {**own, **(_others(curves) if own or feedback else {}), **feedback}
    total = {"Total loss": curves.losses["loss"]} if "loss" in curves.losses else {}
    critic = _matching(curves, CRITIC_CURVES)
    return list({**total, **(parts if len(parts) > 1 else {}), **critic}.items())


def _matching(curves: Curves, families: tuple[tuple[str, str], ...]) -> dict[str, np.ndarray]:
    """Sum of the columns of each family, by title, as far as they were logged."""
    found = {}
    for title, pattern in families:
        columns = [values for name, values in curves.losses.items() if re.match(pattern, name)]
        if columns:
            found[title] = _sum_of_present(columns)
    return found


def _others(curves: Curves) -> dict[str, np.ndarray]:
    """Losses of a denoiser that no family knows, such as ``loss_total_variation``."""
    patterns = [pattern for _, pattern in (*DENOISER_LOSSES, *FEEDBACK_LOSSES)]
    return {
        f"{name.removeprefix('loss_').replace('_', ' ').capitalize()} loss": values
        for name, values in curves.losses.items()
        if name.startswith("loss_") and not any(re.match(pattern, name) for pattern in patterns)
    }


def _sum_of_present(columns: list[np.ndarray]) -> np.ndarray:
    """Sum of columns, NaN where none of them was logged."""
    stacked = np.stack(columns)
    return np.where(np.isnan(stacked).all(axis=0), np.nan, np.nansum(stacked, axis=0))
