"""AP along trainings (figure 3)."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from lidnet_mm.benchmark.evidence.training_log import Curves
from lidnet_mm.benchmark.figures.method_figure import MethodCurve, MethodPanel
from lidnet_mm.benchmark.scores.row_titles import METHOD_TITLES

AP_NAMES = {"coco/bbox_mAP_50": "AP50", "coco/bbox_mAP_75": "AP75", "coco/bbox_mAP": "AP"}
BY_JUDGE = " by the frozen judge"
LEAST_AP_RANGE = 10
"""Per cent that an axis of AP spans at the least."""


def training_panels(trainings: Sequence[Curves]) -> list[MethodPanel]:
    """AP along training (figure 3), a panel for each group of trainings and metric.

    Args:
        trainings (Sequence[Curves]): Logs; those without a validation of boxes, and without scores
            of the judge, are left out.

    Returns:
        list[MethodPanel]: The collaborative strategy and joint training of one group together.
    """
    groups: dict[tuple[str, str], list[MethodCurve]] = {}
    titles = Counter((training.group, _title(training)) for training in trainings)
    for training in trainings:
        name = _title(training)
        if titles[training.group, name] > 1:  # Such as LIDnets with several detectors.
            name = training.label
        measured = [
            (title, steps, 100 * np.asarray(values, dtype=float))
            for metric, title in AP_NAMES.items()
            for steps, values in [training.validation.get(metric, ((), ()))]
        ]
        measured += [(f"{metric}{BY_JUDGE}", *points) for metric, points in training.judged.items()]
        for title, steps, values in measured:
            kept = values >= 0  # A validation without annotations gives -1.
            if kept.sum() > 1:
                x = np.asarray(steps)[kept]
                curve = MethodCurve(name, training.method, x, values[kept])
                groups.setdefault((training.group, title), []).append(curve)
    return [
        MethodPanel(
            f"{group}: {title}" if group else title,
            "iteration",
            f"{title.removesuffix(BY_JUDGE)} (%)",
            curves,
            y_range=_ap_range(curves),
        )
        for (group, title), curves in groups.items()
    ]


def by_judge(panel: MethodPanel) -> bool:
    """Whether a panel shows what the frozen judge says of checkpoints, not validations."""
    return panel.title.endswith(BY_JUDGE)


def _title(training: Curves) -> str:
    """Method and seed of a training of a table; its folder elsewhere."""
    if training.seed is None:
        return training.label
    return f"{METHOD_TITLES[training.method]}, seed {training.seed}"


def _ap_range(curves: Sequence[MethodCurve]) -> tuple[float, float]:
    """Ends of an axis of AP: as much as there is, but chance is not drawn as if it were much."""
    values = np.concatenate([curve.y for curve in curves])
    low, high = float(values.min()), float(values.max())
    margin = max(LEAST_AP_RANGE - (high - low), 0.1 * (high - low)) / 2
    return max(0.0, low - margin), high + margin
