"""What steps of a data pipeline have in common."""

from abc import ABC, abstractmethod


class SliceTransform(ABC):
    """A step of a data pipeline, as MMCV's ``BaseTransform``, which it does without."""

    def __call__(self, results: dict) -> dict:
        """Do the step on a sample."""
        return self.transform(results)

    @abstractmethod
    def transform(self, results: dict) -> dict:
        """Do the step.

        Args:
            results: The sample.

        Returns:
            The sample, changed.
        """
