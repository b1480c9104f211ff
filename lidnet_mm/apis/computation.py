"""How a trained denoiser is computed: on which device, by what, in which tiles."""

import torch

from lidnet_mm.models.denoisers.onnx_generator import OnnxGenerator
from lidnet_mm.models.denoisers.tiling import TileSettings
from lidnet_mm.models.denoising_model import DenoisingModel


def resolve_device(device: str | None) -> torch.device:
    """The device asked for; CUDA, where there is one, for None and ``'auto'``.

    Raises:
        ValueError: There is no such device, or no CUDA.
    """
    if device in (None, "auto"):
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        chosen = torch.device(device)
    except RuntimeError as error:
        raise ValueError(f"device is {device!r}: give auto, cpu or cuda") from error
    if chosen.type == "cuda" and not torch.cuda.is_available():
        raise ValueError(
            "device is cuda, but PyTorch finds no CUDA device: give --device cpu, or install a "
            "CUDA build of PyTorch"
        )
    return chosen


def set_computation(
    model: DenoisingModel,
    device: torch.device,
    backend: str = "torch",
    precision: str = "fp32",
    tile_size: int | None = None,
) -> None:
    """Set how a denoiser is computed.

    Args:
        model (DenoisingModel): The denoiser.
        device (torch.device): Where.
        backend (str): ``'torch'``, or ``'onnxruntime'`` to export the generator and run that.
        precision (str): ``'fp32'``; a half precision is refused where ONNX Runtime computes.
        tile_size (int, optional): Side of tiles in pixels. Defaults to whole slices.

    Raises:
        ImportError: The backend is not installed.
        ValueError: There is no such backend, or it does not do what is asked for.
    """
    if backend == "onnxruntime":
        from lidnet_mm.apis.export_onnx import run_by_onnxruntime

        run_by_onnxruntime(model)
    elif backend != "torch":
        raise ValueError(f"backend is {backend!r}; give torch or onnxruntime")
    if isinstance(model.generator, OnnxGenerator):
        if precision != "fp32":
            raise ValueError(
                f"precision is {precision}, but ONNX Runtime computes in the file's own: leave "
                "--precision out, or use --backend torch"
            )
        model.generator.run_on(device)
    if tile_size is not None:
        model.tiles = TileSettings.of(model.generator, {"tile_size": tile_size})
