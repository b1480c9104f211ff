"""A generator in an ONNX file, computed by ONNX Runtime."""

import hashlib
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from lidnet_mm.models.denoisers.base_generator import BaseGenerator
from lidnet_mm.registry import MODELS

MISSING = "ONNX Runtime is not installed: pip install onnxruntime (or onnxruntime-gpu)"


PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}
"""What ONNX Runtime calls PyTorch's devices."""


@MODELS.register_module()
class OnnxGenerator(BaseGenerator):
    """A denoiser that was exported, or trained elsewhere: from (N, 1, H, W) in [0, 1] to the same.

    It has no parameters to train. What it gives is limited to [0, 1]. It is computed on the CPU
    until :meth:`run_on` says otherwise.

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
        options.log_severity_level = 4  # what is wrong is raised; ONNX Runtime prints it, too
        name = "the exported model" if isinstance(path, bytes) else str(path)
        if not isinstance(path, bytes) and not Path(path).is_file():
            raise FileNotFoundError(f"there is no ONNX file {path}")
        content = path if isinstance(path, bytes) else Path(path).read_bytes()
        try:
            self._session = onnxruntime.InferenceSession(content, options, [PROVIDERS["cpu"]])
        except Exception as error:  # ONNX Runtime has an exception of its own for each fault
            raise ValueError(
                f"{name} is damaged or no ONNX file: copy or export it again ({_first_line(error)})"
            ) from error
        self.sha256 = hashlib.sha256(content).hexdigest()
        inputs, outputs = self._session.get_inputs(), self._session.get_outputs()
        if len(inputs) != 1 or len(outputs) != 1 or len(inputs[0].shape) != 4:
            raise ValueError(
                f"{name} has {len(inputs)} inputs and {len(outputs)} outputs: a denoiser takes one "
                "batch (N, 1, H, W) and gives one"
            )
        self._input, self._dtype = inputs[0].name, _dtype(inputs[0].type)
        radius = self.metadata.get("receptive_radius")
        self.receptive_radius = None if radius is None else int(radius)

    @property
    def metadata(self) -> dict[str, str]:
        """What the file says of itself."""
        return dict(self._session.get_modelmeta().custom_metadata_map)

    def run_on(self, device: str | torch.device) -> None:
        """Choose where it is computed.

        Args:
            device (str | torch.device): CPU, or a CUDA device.

        Raises:
            ValueError: If this ONNX Runtime has no such device.
        """
        device = torch.device(device)
        provider = PROVIDERS.get(device.type)
        if provider in self._session.get_providers()[:1]:
            return
        import onnxruntime

        if provider in onnxruntime.get_available_providers():
            options = {} if device.index is None else {"device_id": device.index}
            self._session.set_providers([provider], [options])
        if provider not in self._session.get_providers():  # it takes the CPU where CUDA fails
            raise ValueError(
                f"this ONNX Runtime does not compute on {device}: give --device cpu, or pip "
                "install onnxruntime-gpu"
            )

    def denoise(self, x: Tensor) -> Tensor:
        """(N, 1, H, W) in [0, 1] to (N, 1, H, W) in [0, 1]."""
        values = np.ascontiguousarray(x.detach().cpu().numpy(), self._dtype)
        try:
            (denoised,) = self._session.run(None, {self._input: values})
        except Exception as error:  # one of its own, again
            raise ValueError(
                f"ONNX Runtime fails on a batch of {values.shape}; the model may be made for "
                f"another size, or too large for the memory ({_first_line(error)})"
            ) from error
        if denoised.shape != values.shape:
            raise ValueError(
                f"the ONNX model gives {denoised.shape} for {values.shape}: a denoiser keeps the "
                "size of the slice"
            )
        return torch.from_numpy(denoised).to(x).clamp(0, 1)


def _first_line(error: Exception) -> str:
    """What an error says first."""
    return str(error).strip().partition("\n")[0]


def _dtype(name: str) -> np.dtype:
    """NumPy's type for one of ONNX Runtime, such as ``tensor(float16)``."""
    return np.dtype({"tensor(float16)": np.float16}.get(name, np.float32))
