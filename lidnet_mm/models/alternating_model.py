"""Models whose parts are trained in turns."""

from abc import abstractmethod

from mmengine.model import BaseModel
from torch import nn

from lidnet_mm.models.phase import Phase


class AlternatingModel(BaseModel):
    """A model of which one part is updated at a time.

    The parts that are not updated have no gradients *and* are at rest, by default in eval mode:
    ``requires_grad`` alone does not stop batch normalisation from learning the statistics of what
    it sees.

    Attributes:
        phase (Phase | None): What the next training steps update; None before
            :meth:`set_phase`, when nothing is frozen.
    """

    phase: Phase | None = None

    @property
    @abstractmethod
    def parts(self) -> dict[str, nn.Module]:
        """The parts by the names that phases and optimizers use; together all that is trained."""

    @property
    def learning_parts(self) -> dict[str, nn.Module]:
        """Those with parameters, which need an optimizer; a filter as the denoiser has none."""
        return {name: part for name, part in self.parts.items() if list(part.parameters())}

    def set_phase(self, phase: Phase) -> None:
        """Choose what the next training steps update.

        Call it after the model is wrapped for distributed training: whatever is frozen when it
        is wrapped is never synchronised again.

        Args:
            phase (Phase): The phase to enter.

        Raises:
            ValueError: If the model has no such part.
        """
        if phase.part not in self.parts:
            raise ValueError(f"{type(self).__name__} has no {phase.part}, only {list(self.parts)}")
        if self.phase is None:
            # Parameters that a config freezes for good (``frozen_stages``) stay so in every phase.
            self._trainable = {
                name: [p for p in part.parameters() if p.requires_grad]
                for name, part in self.parts.items()
            }
        self.phase = phase
        for name, parameters in self._trainable.items():
            for parameter in parameters:
                parameter.requires_grad_(name == phase.part)
        self.train(self.training)

    def train(self, mode: bool = True) -> "AlternatingModel":
        """Training mode for the part that is updated; the others rest."""
        super().train(mode)
        if mode and self.phase is not None:
            for name, part in self.parts.items():
                if name != self.phase.part:
                    self.rest(part)
        return self

    def rest(self, part: nn.Module) -> None:
        """Mode of a part that is not updated: eval, unless a model needs another."""
        part.eval()
