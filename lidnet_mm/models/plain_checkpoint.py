"""Weights of a plain detector, named as MMDetection names them, for the detector of a LIDnet."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mmengine.logging import print_log
from torch import Tensor, nn

DETECTOR = "detector."
"""What stands before the names of a plain detector's tensors in a LIDnet."""

PARTS = (DETECTOR, "denoiser.")
"""Beginnings of the names in a LIDnet's own checkpoint."""

LEAST_SHARE = 0.5
"""Share of the backbone's kernels below which a checkpoint is that of another architecture. A
ResNet-50 shares 45 to 47 % of the kernels of a ResNet-18 or 34, a ResNet-34 56 % with an 18."""

EXAMPLES = 3
"""Tensors named in a message."""


@dataclass(frozen=True)
class TensorMatch:
    """Which tensors of a checkpoint a module can take.

    Attributes:
        matched (tuple[str, ...]): Names with the same shape in both.
        reshaped (dict[str, tuple]): Names in both whose shape differs, such as class layers, to
            the shapes (in the checkpoint, in the module).
        unknown (tuple[str, ...]): Names that the module lacks.
        missing (tuple[str, ...]): Names that the checkpoint lacks.
    """

    matched: tuple[str, ...]
    reshaped: dict[str, tuple[tuple[int, ...], tuple[int, ...]]]
    unknown: tuple[str, ...]
    missing: tuple[str, ...]

    @classmethod
    def of(cls, own: Mapping[str, Tensor], given: Mapping[str, Tensor]) -> "TensorMatch":
        """Compare a module's state dict with that of a checkpoint."""
        shapes = {k: (tuple(given[k].shape), tuple(v.shape)) for k, v in own.items() if k in given}
        return cls(
            matched=tuple(k for k, (theirs, ours) in shapes.items() if theirs == ours),
            reshaped={k: both for k, both in shapes.items() if both[0] != both[1]},
            unknown=tuple(k for k in given if k not in own),
            missing=tuple(k for k in own if k not in given),
        )

    @property
    def complete(self) -> bool:
        """Whether the checkpoint holds exactly the tensors of the module."""
        return not (self.reshaped or self.unknown or self.missing)


def match_detector(detector: nn.Module, given: Mapping[str, Tensor]) -> TensorMatch:
    """Match a plain checkpoint to a detector.

    Args:
        detector (nn.Module): An mmdet detector.
        given (Mapping[str, Tensor]): Weights under the names of a plain detector.

    Returns:
        TensorMatch: What fits.

    Raises:
        ValueError: If the checkpoint holds less than half of the kernels (tensors of two
            dimensions and more) of the detector's backbone: it is of another architecture.
    """
    own = detector.state_dict()
    match = TensorMatch.of(own, given)
    kernels = [k for k, v in own.items() if v.ndim > 1]
    kernels = [k for k in kernels if k.startswith("backbone.")] or kernels
    fitting = set(match.matched).intersection(kernels)
    if len(fitting) < LEAST_SHARE * len(kernels):
        raise ValueError(
            f"the checkpoint holds {len(fitting)} of the {len(kernels)} kernels of the backbone of "
            f"this {type(detector).__name__}: it is of another architecture. The detector has "
            f"{_first(k for k in kernels if k not in fitting)}, the checkpoint has "
            f"{_first(k for k in given if k not in fitting)}. {_remedy(given)}"
        )
    return match


def accept_plain_detector(
    model: nn.Module, state_dict: dict[str, Tensor], prefix: str, *_: object
) -> None:
    """Let a plain detector's checkpoint load into the detector of a LIDnet (``load_from=``).

    A hook for ``register_load_state_dict_pre_hook``. Weights without any of a LIDnet's own names
    are taken for those of a plain detector and renamed in place. Layers whose shape differs are
    reported by MMEngine and keep their initial values.

    Args:
        model (nn.Module): The LIDnet, with ``detector``.
        state_dict (dict[str, Tensor]): The weights.
        prefix (str): What stands before the LIDnet's names.
        *_ (object): What else a hook receives.

    Raises:
        ValueError: As in :func:`match_detector`.
    """
    plain = {k.removeprefix(prefix): k for k in state_dict if k.startswith(prefix)}
    if not plain or any(name.startswith(PARTS) for name in plain):
        return
    match = match_detector(model.detector, {k: state_dict[name] for k, name in plain.items()})
    for name, key in plain.items():
        state_dict[f"{prefix}{DETECTOR}{name}"] = state_dict.pop(key)
    print_log(
        f"Plain checkpoint into the detector of the LIDnet: {len(match.matched)} tensors fit, "
        f"{len(match.reshaped)} have another shape, {len(match.missing)} are missing",
        logger="current",
    )


def _remedy(given: Mapping[str, Tensor]) -> str:
    """What to do about weights that do not fit."""
    if any(name.startswith("generator.") for name in given):
        return (
            "These are weights of a denoiser trained alone: give them as --denoiser to "
            "'mim run lidnet_mm detector_checkpoint import'"
        )
    return "Give the checkpoint of the detector that the config names"


def _first(names: Iterable[str]) -> str:
    """The first of some names, for a message."""
    names = list(names)
    more = ", ..." if len(names) > EXAMPLES else ""
    return (", ".join(names[:EXAMPLES]) or "nothing else") + more
