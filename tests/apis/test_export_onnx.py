"""Generators as ONNX: what ONNX Runtime computes beside what PyTorch computes."""

import hashlib
import importlib.util
import inspect
import json

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from torch import nn

from lidnet_mm.apis.export_onnx import ExportError, export_denoiser, onnx_bytes
from lidnet_mm.apis.inferencer import LIDInferencer
from lidnet_mm.apis.trained_model import load_denoiser
from lidnet_mm.datasets.readers import CTVolume
from lidnet_mm.inference.source_tree import find_volumes
from lidnet_mm.models.denoisers import BaseGenerator, ClassicalFilter, OnnxGenerator
from lidnet_mm.registry import MODELS
from lidnet_mm.zoo import read_card

TOLERANCE = 1e-4
"""Of the window: 0.2 HU."""

MODELS.import_from_location()
REGISTERED = {
    name: cls
    for name, cls in MODELS.module_dict.items()
    if inspect.isclass(cls) and issubclass(cls, BaseGenerator)
}
FILTERS = sorted(name for name, cls in REGISTERED.items() if issubclass(cls, ClassicalFilter))
NETWORKS = sorted(set(REGISTERED) - set(FILTERS) - {"OnnxGenerator"})
NARROW = {
    "Restormer": {
        "channels": 4,
        "num_blocks": (1, 1),
        "heads": (1, 1),
        "num_refinement_blocks": 0,
    }
}


def network(name: str) -> BaseGenerator:
    """A narrow network whose weights are those of no initialisation; skips if a library lacks."""
    takes_channels = "channels" in inspect.signature(REGISTERED[name]).parameters
    options = NARROW.get(name, {"channels": 8} if takes_channels else {})
    torch.manual_seed(0)
    try:
        built = MODELS.build({"type": f"lidnet_mm.{name}", **options}).eval()
    except ImportError as error:
        pytest.skip(str(error))
    for parameter in built.parameters():
        parameter.data.add_(0.02 * torch.randn_like(parameter))
    return built


def computed(content: bytes, x: torch.Tensor) -> np.ndarray:
    """What ONNX Runtime alone makes of a batch."""
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    (out,) = session.run(None, {session.get_inputs()[0].name: x.numpy()})
    return out


def test_every_generator_of_the_registry_is_here():
    assert {"CPCE", "REDCNN", "MAPNN", "ResHLF", "WGANVGG", "SMGAN", "Restormer"} <= set(NETWORKS)
    assert {"BM3D", "NonLocalMeans", "Bilateral"} <= set(FILTERS)


@pytest.mark.parametrize("name", NETWORKS)
def test_network_equals_pytorch_at_other_sizes_and_batches(name):
    generator = network(name)
    content = onnx_bytes(generator, {"key": "value"})
    for shape in ((1, 1, 33, 121), (5, 1, 96, 64)):
        x = torch.rand(shape, generator=torch.Generator().manual_seed(1))
        with torch.no_grad():
            wanted = generator(x).numpy()
        found = computed(content, x)
        assert found.shape == shape
        assert np.abs(found - wanted).max() < TOLERANCE
        assert wanted.std() > 0.01 and (wanted > 0).mean() > 0.5  # not a constant
    proto = onnx.load_from_string(content)
    onnx.checker.check_model(proto)
    assert {each.domain: each.version for each in proto.opset_import}[""] == 18
    assert {each.key: each.value for each in proto.metadata_props} == {"key": "value"}


@pytest.mark.parametrize("name", NETWORKS)
def test_network_is_a_graph_of_any_size(name):
    """``torch.export`` gets past the check of the range, and the check works after it."""
    generator = network(name)
    batch, height, width = (
        torch.export.Dim(axis, min=low) for axis, low in zip("nhw", (1, 32, 32), strict=True)
    )
    sides = {"x": {0: batch, 2: height, 3: width}}
    graph = torch.export.export(generator, (torch.rand(2, 1, 64, 96),), dynamic_shapes=sides)
    x = torch.rand(3, 1, 50, 41)
    with torch.no_grad():
        torch.testing.assert_close(graph.module()(x), generator(x))
    with pytest.raises(ValueError, match=r"expects values in \[0, 1\]"):
        generator(x + 1)


@pytest.mark.parametrize("name", FILTERS)
def test_filters_are_refused(name, capfd):
    try:
        generator = REGISTERED[name]()
    except ImportError as error:
        pytest.skip(str(error))
    with pytest.raises(ExportError, match=rf"^{name} is no network of PyTorch.*--backend torch$"):
        onnx_bytes(generator, {})
    assert capfd.readouterr() == ("", "")


class Branching(BaseGenerator):
    """Does one thing or another, by a value that no graph knows."""

    def denoise(self, x):
        return x if x.mean() > 0.5 else 1 - x


class Through(BaseGenerator):
    """Computes outside of PyTorch: a graph would hold what came out for one batch."""

    def denoise(self, x):
        return torch.from_numpy(np.sort(x.detach().numpy(), axis=-1))


class Remembering(BaseGenerator):
    """Counts how often it was called, which a graph takes for a constant."""

    calls = 0

    def denoise(self, x):
        self.calls += 1
        return x * (0.5 if self.calls > 1 else 1.0)


@pytest.mark.parametrize("generator", [Branching(), Through(), Remembering()])
def test_what_onnx_cannot_express_is_refused_in_one_line(generator, capfd):
    name = type(generator).__name__
    with pytest.raises(ExportError, match=rf"(cannot express|exported) {name}") as raised:
        onnx_bytes(generator, {})
    assert "\n" not in str(raised.value) and len(str(raised.value)) < 400
    assert capfd.readouterr() == ("", "")


def test_no_generator_is_refused():
    with pytest.raises(ExportError, match="Conv2d is no network of PyTorch"):
        onnx_bytes(nn.Conv2d(1, 1, 1), {})


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """The bundled LIDnet's denoiser as ONNX."""
    path = tmp_path_factory.mktemp("onnx") / "exported.onnx"
    export_denoiser(load_denoiser("cpce_lidnet"), path)
    return path


@pytest.fixture
def series(real_data) -> CTVolume:
    """A real series."""
    folder = real_data / "lidc_series"
    if not folder.is_dir():
        pytest.skip(f"there is no {folder}")
    return find_volumes(folder)[0][0].open()


def body(shape=(3, 70, 90)) -> np.ndarray:
    """HU of a noisy disk in air, with a spot outside of the window."""
    _, y, x = np.indices(shape)
    hu = np.where((y - 35) ** 2 + (x - 45) ** 2 < 900, 40.0, -1000.0)
    hu += np.random.default_rng(0).normal(0, 40, shape)
    hu[:, 30:34, 40:44] = 2500
    return hu.astype(np.float32)


def test_metadata(exported):
    proto = onnx.load(exported)
    stated = {each.key: each.value for each in proto.metadata_props}
    card = read_card("cpce_lidnet")
    weights = hashlib.sha256(card.weights_file.read_bytes()).hexdigest()
    assert stated["weights_sha256"] == weights
    assert (float(stated["window_low_hu"]), float(stated["window_high_hu"])) == (-1000, 1000)
    assert stated["opset"] == "18" and stated["model"] == "cpce_lidnet"
    assert stated["receptive_radius"] == "8"
    told = json.loads(stated["card"])
    for key in ("summary", "trained_for", "limits", "data", "default_strength", "training"):
        wanted = getattr(card, key)
        assert told[key] == (list(wanted) if isinstance(wanted, tuple) else wanted), key
    assert told["trained_for"]


def test_file_says_what_its_card_says(exported):
    card, own = load_denoiser(exported).card, read_card("cpce_lidnet")
    assert dict(card.trained_for) == dict(own.trained_for)
    assert card.default_strength == own.default_strength
    with pytest.raises(ValueError, match="was not trained for it"):
        LIDInferencer(str(exported), strict=True)(body())


def test_real_slice(exported, series):
    hu = series.read_slice(series.num_slices // 2)
    x = torch.from_numpy((np.clip(hu, -1000, 1000) + 1000) / 2000)[None, None].float()
    generator = load_denoiser("cpce_lidnet").model.generator.eval()
    with torch.no_grad():
        wanted = generator(x).numpy()
    assert np.abs(wanted - x.numpy()).max() > 0.02
    assert np.abs(computed(exported.read_bytes(), x) - wanted).max() < TOLERANCE


@pytest.fixture(scope="module")
def torch_volume():
    """What PyTorch makes of the body."""
    return LIDInferencer("cpce_lidnet", detector="none")(body()).volume


class TestInference:
    """The backend in ``LIDInferencer``."""

    @pytest.mark.parametrize("options", [{}, {"tile_size": 48}, {"batch_size": 2}])
    def test_backend_and_file_equal_torch(self, exported, torch_volume, options):
        by_file = LIDInferencer(str(exported), **options)
        changed = np.abs(torch_volume - body())
        assert changed.max() > 20
        assert np.abs(by_file(body()).volume - torch_volume).max() < TOLERANCE * 2000

    def test_backend_beside_the_bundled_model(self, torch_volume):
        inferencer = LIDInferencer("cpce_lidnet", detector="none", backend="onnxruntime")
        assert isinstance(inferencer.pipeline.denoise.model.generator, OnnxGenerator)
        assert np.abs(inferencer(body()).volume - torch_volume).max() < TOLERANCE * 2000

    def test_wrong_combinations(self, exported, tmp_path):
        with pytest.raises(ValueError, match="precision is bf16, but ONNX Runtime"):
            LIDInferencer(str(exported), precision="bf16")
        with pytest.raises(ValueError, match="--checkpoint belongs to a config"):
            LIDInferencer(str(exported), "any.pth")
        with pytest.raises(ValueError, match="give torch or onnxruntime"):
            LIDInferencer("identity", backend="tensorrt")
        with pytest.raises(FileNotFoundError, match=r"there is no ONNX file .*absent\.onnx"):
            LIDInferencer(str(tmp_path / "absent.onnx"))
        with pytest.raises(ValueError, match="does not compute on cuda: give --device cpu"):
            OnnxGenerator(exported).run_on("cuda")

    def test_filter_has_no_onnx(self, tmp_path):
        path = tmp_path / "filter_of_a_test.py"
        path.write_text(
            "model = dict(type='lidnet_mm.DenoisingModel',\n"
            "             generator=dict(type='lidnet_mm.Bilateral', sigma=0.02))\n"
        )
        with pytest.raises(ExportError, match="Bilateral is no network"):
            LIDInferencer(str(path), backend="onnxruntime")

    @pytest.mark.parametrize("content", [b"", b"no", "half"])
    def test_damaged_file(self, exported, tmp_path, content, capfd):
        path = tmp_path / "damaged.onnx"
        whole = exported.read_bytes()
        path.write_bytes(whole[: len(whole) // 2] if content == "half" else content)
        with pytest.raises(ValueError, match=r"damaged\.onnx is damaged or no ONNX file") as raised:
            LIDInferencer(str(path))
        assert "\n" not in str(raised.value)
        assert capfd.readouterr().err == ""

    def test_file_without_a_window(self, exported, tmp_path):
        """A file made elsewhere, for a window that nobody knows; a config may state it."""
        proto = onnx.load(exported)
        del proto.metadata_props[:]
        onnx.save(proto, tmp_path / "foreign.onnx")
        with pytest.raises(ValueError, match="does not say in its metadata which HU window"):
            LIDInferencer(str(tmp_path / "foreign.onnx"))
        path = tmp_path / "foreign_of_a_test.py"
        generator = {"type": "lidnet_mm.OnnxGenerator", "path": str(tmp_path / "foreign.onnx")}
        preprocessor = {"type": "lidnet_mm.LIDDataPreprocessor", "window": (-500, 500)}
        path.write_text(
            f"model = dict(type='lidnet_mm.DenoisingModel', generator={generator},\n"
            f"             data_preprocessor={preprocessor})\n"
        )
        inferencer = LIDInferencer(str(path))
        assert inferencer.pipeline.denoise.window == (-500, 500)
        sha256 = hashlib.sha256((tmp_path / "foreign.onnx").read_bytes()).hexdigest()
        assert inferencer.pipeline.derivation.weights_sha256 == sha256

    def test_of_one_size_only(self, tmp_path):
        """A graph of one batch is named, not a trace of ONNX Runtime."""
        value = {"elem_type": onnx.TensorProto.FLOAT, "shape": (1, 1, 64, 64)}
        ends = [onnx.helper.make_tensor_value_info(name, **value) for name in "xy"]
        node = onnx.helper.make_node("Identity", ["x"], ["y"])
        graph = onnx.helper.make_graph([node], "fixed", ends[:1], ends[1:])
        proto = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 18)])
        proto.ir_version = 9
        generator = OnnxGenerator(proto.SerializeToString())
        assert generator(torch.rand(1, 1, 64, 64)).shape == (1, 1, 64, 64)
        with pytest.raises(ValueError, match=r"fails on a batch of \(2, 1, 64, 64\)"):
            generator(torch.rand(2, 1, 64, 64))

    def test_onnxruntime_that_is_not_installed(self, exported, monkeypatch):
        monkeypatch.setitem(__import__("sys").modules, "onnxruntime", None)
        with pytest.raises(ImportError, match="pip install onnxruntime"):
            LIDInferencer(str(exported))
        with pytest.raises(ImportError, match="pip install onnx"):
            LIDInferencer("cpce_l1", detector="none", backend="onnxruntime")


@pytest.fixture(scope="module")
def tool(repository):
    """``tools/export.py``."""
    spec = importlib.util.spec_from_file_location("export_tool", repository / "tools" / "export.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.main


def test_tool(tool, tmp_path, capsys):
    out = tmp_path / "out.onnx"
    out.write_text("mine")
    assert tool(["identity", "none", str(out)]) == 1
    assert "exists: give --overwrite" in capsys.readouterr().err
    assert out.read_text() == "mine"
    assert tool(["identity", "none", str(out), "--overwrite"]) == 0
    assert "opset 18, any batch, height and width" in capsys.readouterr().out
    assert LIDInferencer(str(out))(body()).volume == pytest.approx(body())
    assert tool([str(out), "none", str(tmp_path / "again.onnx")]) == 1
    said = capsys.readouterr().err.strip().splitlines()
    assert len(said) == 1 and "OnnxGenerator is no network of PyTorch" in said[0]
    assert not (tmp_path / "again.onnx").exists()
