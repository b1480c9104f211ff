"""A detector that found nothing has an average precision of zero."""

import sys
from collections.abc import Sequence

from mmengine.evaluator import BaseMetric
from mmengine.hooks import Hook
from mmengine.runner import Runner

from lidnet_mm.registry import HOOKS

VALUES = ("mAP", "mAP_50", "mAP_75")
"""What CocoMetric would have said, after the kind of result."""


@HOOKS.register_module()
class NothingFoundHook(Hook):
    """Sets the AP of a validation or test without any detection to 0.

    mmdet's CocoMetric leaves AP out then. A detector in its first steps often finds nothing, and
    keeping the best checkpoint by AP50 would end its training for want of the value.
    """

    priority = "HIGHEST"  # before the values are logged, and before checkpoints are compared

    def after_val_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        """Complete the values of a validation.

        Args:
            runner (Runner): The runner.
            metrics (dict[str, float], optional): Values by name, completed in place.
        """
        _complete(metrics, runner.val_loop.evaluator.metrics)

    def after_test_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        """Complete the values of a test.

        Args:
            runner (Runner): The runner.
            metrics (dict[str, float], optional): Values by name, completed in place.
        """
        _complete(metrics, runner.test_loop.evaluator.metrics)


def _complete(values: dict[str, float] | None, metrics: Sequence[BaseMetric]) -> None:
    """Add the zeros of each CocoMetric that gave no value."""
    # Where nobody has imported MMDetection's metric, none of these is one.
    CocoMetric = getattr(sys.modules.get("mmdet.evaluation"), "CocoMetric", ())
    for metric in metrics:
        if values is None or not isinstance(metric, CocoMetric) or metric.format_only:
            continue
        for kind in metric.metrics:
            if kind in ("bbox", "segm"):
                for name in VALUES:
                    values.setdefault(f"{metric.prefix}/{kind}_{name}", 0.0)
