"""Denoisers as ONNX files."""

import contextlib
import io
import logging
import warnings
from pathlib import Path

import torch
from torch import nn

from lidnet_mm import __version__
from lidnet_mm.apis.trained_model import TrainedModel
from lidnet_mm.atomic_write import write_whole
from lidnet_mm.models.denoisers.base_generator import BaseGenerator
from lidnet_mm.models.denoisers.classical_filter import ClassicalFilter
from lidnet_mm.models.denoisers.onnx_generator import OnnxGenerator
from lidnet_mm.models.denoising_model import DenoisingModel

OPSET = 18
"""Version of ONNX's operators; ONNX Runtime has it since 1.14."""

EXAMPLE = (2, 1, 64, 96)
"""A batch by which the graph is followed; any other size runs in it."""

LEAST_SIDE = 32
"""Pixels of the smallest slice of the graph."""

CHECKED = (1, 1, 71, 45)
"""Another batch, on which PyTorch and ONNX Runtime must agree."""

TOLERANCE = 1e-4
"""By how much they may differ, as a part of the HU window."""

SIDES = {2: "height", 3: "width"}
"""Names of the axes of a slice."""

MISSING = "exporting needs ONNX: pip install onnx onnxscript onnxruntime"


NO_NETWORKS = (ClassicalFilter, OnnxGenerator)


class ExportError(ValueError):
    """A generator cannot be exported; the message says why."""


def export_denoiser(trained: TrainedModel, path: Path) -> None:
    """Write a denoiser as ONNX: (N, 1, H, W) float32 in [0, 1] to the same, of any N, H and W.

    The file's metadata hold the HU window, the model's name, the SHA-256 of its weights, the
    version of this package, the version of the operators, how far a pixel sees (in pixels, where it
    is not the whole slice) and the model card.

    Args:
        trained (TrainedModel): The denoiser.
        path (Path): The file; written whole or not at all.

    Raises:
        ExportError: As of :func:`onnx_bytes`.
        ImportError: If ONNX is not installed.
    """
    window = trained.model.data_preprocessor.window
    metadata = {
        "lidnet_mm": __version__,
        "model": trained.name,
        "weights_sha256": trained.weights_sha256,
        "window_low_hu": repr(window.low),
        "window_high_hu": repr(window.high),
        "opset": str(OPSET),
        "card": "" if trained.card is None else trained.card.as_json(),
    }
    radius = trained.model.generator.receptive_radius
    if radius is not None:
        metadata["receptive_radius"] = str(radius)
    write_whole(path, onnx_bytes(trained.model.generator, metadata))


def onnx_bytes(generator: nn.Module, metadata: dict[str, str]) -> bytes:
    """A generator as the content of an ONNX file.

    Args:
        generator (nn.Module): From (N, 1, H, W) to the same.
        metadata (dict[str, str]): Is put into the file.

    Returns:
        bytes: The content.

    Raises:
        ExportError: If it is no network, if ONNX has no operators for it, or if ONNX Runtime then
            computes something else.
        ImportError: If ONNX is not installed.
    """
    name = type(generator).__name__
    if not isinstance(generator, BaseGenerator) or isinstance(generator, NO_NETWORKS):
        raise ExportError(
            f"{name} is no network of PyTorch, so there is nothing to export; it runs as it is, "
            "with --backend torch"
        )
    try:
        import onnx
        import onnxruntime  # noqa: F401 - checks the result
        import onnxscript  # noqa: F401 - PyTorch's exporter needs it
    except ImportError as error:
        raise ImportError(MISSING) from error
    generator = generator.cpu().eval()
    sides = {axis: torch.export.Dim(name, min=LEAST_SIDE) for axis, name in SIDES.items()}
    quiet = logging.getLogger("torch.onnx")
    level = quiet.level
    try:
        quiet.setLevel(logging.ERROR)
        # What cannot be exported is printed as graphs, and then raised.
        with torch.no_grad(), warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")
            program = torch.onnx.export(
                generator,
                (torch.rand(EXAMPLE),),
                dynamo=True,
                dynamic_shapes={"x": {0: torch.export.Dim("batch"), **sides}},
                input_names=["ldct"],
                output_names=["denoised"],
                opset_version=OPSET,
                verbose=False,
            )
    except Exception as error:  # the exporter has an exception of its own for each step
        raise ExportError(f"ONNX cannot express {name}: {_cause(error)}") from error
    finally:
        quiet.setLevel(level)
    proto = program.model_proto
    onnx.helper.set_model_props(proto, metadata)
    content = io.BytesIO()
    onnx.save_model(proto, content)
    _require_equal(generator, content.getvalue())
    return content.getvalue()


def run_by_onnxruntime(model: DenoisingModel) -> None:
    """Let ONNX Runtime compute a model's generator.

    Args:
        model (DenoisingModel): The denoiser; its generator is replaced.

    Raises:
        ExportError: As of :func:`onnx_bytes`.
        ImportError: If ONNX or ONNX Runtime are not installed.
    """
    if isinstance(model.generator, OnnxGenerator):
        return
    radius = model.generator.receptive_radius
    model.generator = OnnxGenerator(onnx_bytes(model.generator, {}))
    model.generator.receptive_radius = radius


def _require_equal(generator: BaseGenerator, content: bytes) -> None:
    """Refuse a graph that holds what the generator did to one batch and not what it does."""
    name = type(generator).__name__
    x = torch.rand(CHECKED, generator=torch.Generator().manual_seed(0))
    try:
        computed = OnnxGenerator(content)(x)
    except ValueError as error:
        raise ExportError(f"the exported {name} does not run: {error}") from error
    with torch.no_grad():
        difference = (generator(x).clamp(0, 1) - computed).abs().max().item()
    if not difference <= TOLERANCE:
        raise ExportError(
            f"ONNX cannot express {name}: ONNX Runtime is off by {difference:.2g} of the window on "
            "a slice of another size; its computation must be in PyTorch alone, the same for all "
            "values and sizes"
        )


def _cause(error: BaseException) -> str:
    """The first line of the error at the bottom."""
    while error.__cause__ is not None:
        error = error.__cause__
    return str(error).strip().partition("\n")[0] or type(error).__name__
