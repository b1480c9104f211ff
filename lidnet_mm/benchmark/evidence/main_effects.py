"""What each of several settings does, out of trainings in which all of them were varied at once.

One setting changed at a time costs two trainings a setting, and one training can lie three points
of AP from the next. In a balanced design every training tells of every setting: with sixteen
trainings each effect is the difference of two means of eight (Box and Hunter, Technometrics 3,
1961).
"""

from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from lidnet_mm.benchmark.evidence.bootstrap import CONFIDENCE


@dataclass(frozen=True)
class MainEffect:
    """Mean with a setting less mean without it, the other settings balanced or corrected for.

    Attributes:
        setting (str): Its name.
        estimate (float): The difference, in the unit of the values.
        half_width (float): Half of its 95 % interval (Student's t). It holds how trainings scatter
            and what settings do only together, not how other patients would differ.
    """

    setting: str
    estimate: float
    half_width: float

    @property
    def is_inside(self) -> bool:
        """Whether the interval contains 0, so that the effect may be chance."""
        return abs(self.estimate) <= self.half_width


def main_effects(
    values: Sequence[float],
    chosen: Sequence[Collection[str]],
    settings: Sequence[str],
    blocks: Sequence[Hashable],
) -> list[MainEffect]:
    """Least squares of the values on the settings, each there or not.

    Args:
        values (Sequence[float]): A value for each training.
        chosen (Sequence[Collection[str]]): Settings of each training, some of ``settings``.
        settings (Sequence[str]): Names of the settings.
        blocks (Sequence[Hashable]): What each training shares with some others and is to be
            corrected for, such as its seed.

    Returns:
        list[MainEffect]: In the order of ``settings``.

    Raises:
        ValueError: If there are too few trainings, or some settings come always together.
    """
    present = [[setting in own for setting in settings] for own in chosen]
    groups = [[block == other for other in dict.fromkeys(blocks)] for block in blocks]
    design = np.hstack([np.asarray(groups, float), np.asarray(present, float) - 0.5])
    runs, unknowns = design.shape
    if runs <= unknowns:
        raise ValueError(
            f"{len(settings)} settings in {unknowns - len(settings)} blocks need more than "
            f"{unknowns} trainings to tell effects from chance, got {runs}"
        )
    if np.linalg.matrix_rank(design) < unknowns:
        raise ValueError(
            "the effects cannot be told apart: a setting is in all trainings, in none, in all of a "
            f"block, or settings always come together ({', '.join(settings)})"
        )
    measured = np.asarray(values, float)
    found = np.linalg.lstsq(design, measured, rcond=None)[0]
    variance = np.sum((measured - design @ found) ** 2) / (runs - unknowns)
    errors = np.sqrt(variance * np.diag(np.linalg.inv(design.T @ design)))
    widths = stats.t.ppf((1 + CONFIDENCE) / 2, runs - unknowns) * errors
    first = unknowns - len(settings)
    return [
        MainEffect(name, float(effect), float(width))
        for name, effect, width in zip(settings, found[first:], widths[first:], strict=True)
    ]
