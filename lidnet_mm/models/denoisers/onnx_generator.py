"""A generator in an ONNX file, computed by ONNX Runtime."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from lidnet_mm.models.denoisers.base_generator import BaseGenerator
from lidnet_mm.registry import MODELS

MISSING = "ONNX Runtime is not installed: pip install onnxruntime (or onnxruntime-gpu)"


@MODELS.register_module()
class OnnxGenerator(BaseGenerator):
    """A denoiser that was exported, or trained elsewhere: from (N, 1, H, W) in [0, 1] to the same.

    It has no parameters to train. What it gives is limited to [0, 1].

    Args:
        path (str | Path | bytes): The file, or what it holds.

    Raises:
        ImportError: If ONNX Runtime is not installed.
        ValueError: If the file is no such model.
    """

    memory_format = torch.contiguous_format

    def __init__(self, path: str | Path | bytes) -> None:
        super().__init__()
        try:
            import onnxruntime
        except ImportError as error:
            raise ImportError(MISSING) from error
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        wanted = ("CUDAExecutionProvider", "CPUExecutionProvider")
        providers = [p for p in wanted if p in onnxruntime.get_available_providers()]
        name = "the exported model" if isinstance(path, bytes) else str(path)
        if not isinstance(path, bytes) and not Path(path).is_file():
            raise FileNotFoundError(f"there is no ONNX file {path}")
        try:
            source = path if isinstance(path, bytes) else str(path)
            self._session = onnxruntime.InferenceSession(source, options, providers)
        except Exception as error:  # ONNX Runtime has an exception of its own for each fault
            first = str(error).strip().partition("\n")[0]
            raise ValueError(f"ONNX Runtime does not load {name}: {first}") from error
        inputs, outputs = self._session.get_inputs(), self._session.get_outputs()
        if len(inputs) != 1 or len(outputs) != 1 or len(inputs[0].shape) != 4:
            raise ValueError(
                f"{name} has {len(inputs)} inputs and {len(outputs)} outputs: a denoiser takes one "
                "batch (N, 1, H, W) and gives one"
            )
        self._input, self._dtype = inputs[0].name, _dtype(inputs[0].type)

    @property
    def metadata(self) -> dict[str, str]:
        """What the file says of itself."""
        return dict(self._session.get_modelmeta().custom_metadata_map)

    def denoise(self, x: Tensor) -> Tensor:
        """(N, 1, H, W) in [0, 1] to (N, 1, H, W) in [0, 1]."""
        values = np.ascontiguousarray(x.detach().cpu().numpy(), self._dtype)
        (denoised,) = self._session.run(None, {self._input: values})
        if denoised.shape != values.shape:
            raise ValueError(
                f"the ONNX model gives {denoised.shape} for {values.shape}: a denoiser keeps the "
                "size of the slice"
            )
        return torch.from_numpy(denoised).to(x).clamp(0, 1)


def _dtype(name: str) -> np.dtype:
    """NumPy's type for one of ONNX Runtime, such as ``tensor(float16)``."""
    return np.dtype({"tensor(float16)": np.float16}.get(name, np.float32))
