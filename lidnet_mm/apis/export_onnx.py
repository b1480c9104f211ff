"""Denoisers as ONNX files."""

import io
import json
import logging
import warnings
from pathlib import Path

import torch
from torch import nn

from lidnet_mm import __version__
from lidnet_mm.apis.trained_model import TrainedModel
from lidnet_mm.models.denoisers.base_generator import BaseGenerator
from lidnet_mm.models.denoisers.onnx_generator import OnnxGenerator
from lidnet_mm.models.denoising_model import DenoisingModel
from lidnet_mm.whole_file import write_whole

OPSET = 18
"""Version of ONNX's operators; ONNX Runtime has it since 1.14."""

EXAMPLE = (2, 1, 64, 96)
"""A batch by which the graph is followed; any other size runs in it."""

LEAST_SIDE = 32
"""Pixels of the smallest slice of the graph."""

SIDES = {2: "height", 3: "width"}
"""Names of the axes of a slice."""

MISSING = "exporting needs ONNX: pip install onnx onnxscript"


class ExportError(ValueError):
    """A generator cannot be exported; the message says why."""


def export_denoiser(trained: TrainedModel, path: Path) -> None:
    """Write a denoiser as ONNX: (N, 1, H, W) float32 in [0, 1] to the same, of any N, H and W.

    The file's metadata hold the HU window, the model's name, the SHA-256 of its weights, the
    version of this package, the version of the operators and the model card.

    Args:
        trained (TrainedModel): The denoiser.
        path (Path): The file; written whole or not at all.

    Raises:
        ExportError: If ONNX has no operators for the generator.
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
        "card": _card(trained),
    }
    write_whole(path, onnx_bytes(trained.model.generator, metadata))


def onnx_bytes(generator: nn.Module, metadata: dict[str, str]) -> bytes:
    """A generator as the content of an ONNX file.

    Args:
        generator (nn.Module): From (N, 1, H, W) to the same.
        metadata (dict[str, str]): Is put into the file.

    Returns:
        bytes: The content.

    Raises:
        ExportError: If ONNX has no operators for it.
        ImportError: If ONNX is not installed.
    """
    name = type(generator).__name__
    if not isinstance(generator, BaseGenerator) or isinstance(generator, OnnxGenerator):
        raise ExportError(
            f"{name} is no network of PyTorch, so there is nothing to export; it runs as it is"
        )
    try:
        import onnx
        import onnxscript  # noqa: F401 - PyTorch's exporter needs it
    except ImportError as error:
        raise ImportError(MISSING) from error
    generator = generator.cpu().eval()
    sides = {axis: torch.export.Dim(name, min=LEAST_SIDE) for axis, name in SIDES.items()}
    quiet = logging.getLogger("torch.onnx")
    level = quiet.level
    try:
        quiet.setLevel(logging.ERROR)
        with torch.no_grad(), warnings.catch_warnings():
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
    return content.getvalue()


def run_by_onnxruntime(model: DenoisingModel) -> None:
    """Let ONNX Runtime compute a model's generator.

    Args:
        model (DenoisingModel): The denoiser; its generator is replaced.

    Raises:
        ExportError: If ONNX has no operators for it.
        ImportError: If ONNX or ONNX Runtime are not installed.
    """
    if isinstance(model.generator, OnnxGenerator):
        return
    radius = model.generator.receptive_radius
    model.generator = OnnxGenerator(onnx_bytes(model.generator, {}))
    model.generator.receptive_radius = radius


def _card(trained: TrainedModel) -> str:
    """The model card as json; empty without one."""
    if trained.card is None:
        return ""
    card = trained.card
    stated = {
        "summary": card.summary,
        "trained_for": dict(card.trained_for),
        "default_strength": card.default_strength,
        "data": [dict(each) for each in card.data],
        "limits": list(card.limits),
    }
    return json.dumps(stated)


def _cause(error: BaseException) -> str:
    """The first line of the error at the bottom."""
    while error.__cause__ is not None:
        error = error.__cause__
    return str(error).strip().partition("\n")[0] or type(error).__name__
