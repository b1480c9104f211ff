"""A plain detector's checkpoint, and a denoiser's, as the start of a LIDnet."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mmengine.config import Config
from torch import Tensor, nn

from lidnet_mm.apis.bare_lidnet import build_bare_lidnet
from lidnet_mm.apis.checkpoint_file import (
    DENOISER,
    checkpoint_content,
    denoiser_weights,
    read_checkpoint,
)
from lidnet_mm.atomic_write import write_whole
from lidnet_mm.models.plain_checkpoint import DETECTOR, TensorMatch, match_detector
from lidnet_mm.output_path import check_new_file

GENERATOR, CRITIC = "generator.", "critic."


@dataclass(frozen=True)
class ImportReport:
    """What an import took.

    Attributes:
        detector (TensorMatch): Of the detector's checkpoint, names of a plain detector.
        denoiser (TensorMatch | None): Of the denoiser's, names of a ``DenoisingModel``.
    """

    detector: TensorMatch
    denoiser: TensorMatch | None = None


def import_detector(
    config: Config, checkpoint: str | Path, out: Path, denoiser: str | Path | None = None
) -> ImportReport:
    """Write the checkpoint of a LIDnet from that of a plain detector.

    Only tensors of equal name and shape go into it. The rest, such as the layers of 80 classes,
    is initialised by the training that starts from it with ``load_from=``.

    Args:
        config (Config): Config of the LIDnet, of ``load_config``.
        checkpoint (str | Path): File or URL of a plain mmdet checkpoint or bare state dict.
        out (Path): Checkpoint to write.
        denoiser (str | Path, optional): Checkpoint of the same denoiser, trained alone or in a
            LIDnet.

    Returns:
        ImportReport: What was taken and what was not.

    Raises:
        ExistingOutputError: If ``out`` exists.
        FileNotFoundError: If a checkpoint does not exist.
        ValueError: If the config is no LIDnet's, the detector's checkpoint is of another
            architecture, or the denoiser's of another generator.
    """
    check_new_file(out)
    lidnet = build_bare_lidnet(config)
    given, _ = read_checkpoint(checkpoint)
    try:
        match = match_detector(lidnet.detector, given)
    except ValueError as error:
        raise ValueError(f"{checkpoint} into {config.filename}: {error}") from error
    state = {f"{DETECTOR}{name}": given[name] for name in match.matched}
    report = ImportReport(match)
    if denoiser is not None:
        weights = _of_networks(denoiser_weights(denoiser))
        report = ImportReport(match, _match_denoiser(lidnet.denoiser, weights, denoiser))
        state |= {f"{DENOISER}{name}": weights[name] for name in report.denoiser.matched}
    write_whole(out, checkpoint_content(state, meta={}))
    return report


def _of_networks(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Those of generator and critic, without the losses'."""
    return {k: v for k, v in weights.items() if k.startswith((GENERATOR, CRITIC))}


def _match_denoiser(
    model: nn.Module, weights: dict[str, Tensor], checkpoint: str | Path
) -> TensorMatch:
    """What fits; the generator has to as a whole, a critic may be on one side alone."""
    own = _of_networks(model.state_dict())
    match = TensorMatch.of(own, weights)
    differing = [
        name
        for name in (*match.reshaped, *match.unknown, *match.missing)
        if name.startswith(GENERATOR)
    ]
    if differing:
        raise ValueError(
            f"{checkpoint} does not hold the weights of this {type(model.generator).__name__}: "
            f"{len(differing)} tensors differ, the first is {differing[0]}; give the checkpoint of "
            "the denoiser that the config names"
        )
    return match
