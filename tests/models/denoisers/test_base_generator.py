"""What every generator refuses, and how it says so; how far each of them sees."""

import inspect

import pytest
import torch
from mmengine.model import BaseModel
from mmengine.runner import Runner
from mmengine.runner.checkpoint import load_checkpoint, load_state_dict

from lidnet_mm.models import denoisers
from lidnet_mm.models.denoisers import CPCE, MAPNN, REDCNN, WGANVGG, BaseGenerator, Identity
from lidnet_mm.registry import MODELS

SMALLEST = {CPCE: 9, REDCNN: 21, MAPNN: 9}
OPTIONS = {"REDCNN": {"channels": 8}, "CPCE": {"channels": 8}, "MAPNN": {"channels": 8}}
GENERATORS = [
    cls
    for cls in (getattr(denoisers, name) for name in denoisers.__all__)
    if issubclass(cls, BaseGenerator)
    and not inspect.isabstract(cls)
    and cls is not denoisers.OnnxGenerator  # wants a file: tests/apis/test_export_onnx.py
]


def build(network, **options):
    """A generator, narrow where it can be; skips if it needs a library that is not there."""
    try:
        return network(**{**OPTIONS.get(network.__name__, {}), **options})
    except ImportError as error:
        pytest.skip(str(error))


@pytest.fixture(params=GENERATORS, ids=lambda cls: cls.__name__)
def generator(request):
    """Each of the registered generators."""
    torch.manual_seed(1)
    return build(request.param).eval()


class TestInput:
    @pytest.mark.parametrize("shape", [(1, 3, 32, 32), (1, 32, 32), (32, 32), (1, 0, 32, 32)])
    def test_wrong_channels_or_dimensions(self, generator, shape):
        name = type(generator).__name__
        with pytest.raises(ValueError, match=rf"{name} expects \(N, 1, H, W\), got"):
            generator(torch.rand(*shape))

    @pytest.mark.parametrize("dtype", [torch.uint8, torch.int16, torch.int64])
    def test_integers(self, generator, dtype):
        with pytest.raises(ValueError, match=r"floating point values in \[0, 1\].*LIDDataPreproc"):
            generator(torch.zeros(1, 1, 64, 64, dtype=dtype))

    @pytest.mark.parametrize("axis", [2, 3])
    def test_too_small_a_slice(self, generator, axis):
        smallest = 2 * generator.receptive_margin + 1
        shape = [1, 1, 64, 64]
        shape[axis] = smallest - 1
        with pytest.raises(ValueError, match=rf"at least {smallest} x {smallest} pixels, got"):
            generator(torch.rand(*shape))

    @pytest.mark.parametrize(
        ("value", "found"),
        [
            (-0.001, r"-0\.001 to 1; "),
            (1.001, r"0 to 1\.001; "),
            (float("nan"), "nan to nan; "),
            (float("inf"), "0 to inf; "),
            (-1000.0, "-1000 to 1; "),
        ],
    )
    def test_one_pixel_out_of_range(self, generator, value, found):
        x = torch.linspace(0, 1, 2 * 64 * 64).reshape(2, 1, 64, 64)
        x[1, 0, 63, 5] = value
        name = type(generator).__name__
        with pytest.raises(
            ValueError, match=rf"{name} expects values in \[0, 1\], got {found}LIDDataPreproc"
        ):
            generator(x)

    def test_an_empty_batch_has_no_wrong_value(self):
        assert CPCE()(torch.rand(0, 1, 16, 16)).shape == (0, 1, 16, 16)


@pytest.mark.parametrize(("network", "smallest"), SMALLEST.items())
def test_the_smallest_slice_is_the_receptive_field_of_the_encoder(network, smallest):
    """One pixel is left in the middle, and it has seen all of them."""
    generator = getattr(build(network), "shared_module", None) or build(network)
    generator.double()
    x = torch.rand(1, 1, smallest, smallest, dtype=torch.float64, requires_grad=True)
    features = x
    for convolution in generator.encoder:
        features = convolution(features)
    assert features.shape[-2:] == (1, 1)
    features.sum().backward()
    assert (x.grad != 0).all()


class TestReceptiveRadius:
    RADII = (
        (CPCE, {}, 8),
        (REDCNN, {}, 20),
        (WGANVGG, {}, 8),
        (denoisers.SMGAN, {}, 8),
        (MAPNN, {"num_modules": 1}, 8),
        (MAPNN, {"num_modules": 3}, 24),
        (denoisers.ResHLF, {"channels": 8}, 10),
        (Identity, {}, 0),
    )

    @pytest.mark.parametrize(("network", "options", "radius"), RADII)
    def test_is_attained_and_never_exceeded(self, network, options, radius):
        """Positive weights and inputs keep every ReLU open, so that no path is hidden."""
        torch.manual_seed(2)
        generator = build(network, **options).double()
        for weight in generator.parameters():
            # Small enough for the outputs to stay below 1, where MAP-NN clips.
            weight.data.uniform_(0.1, 0.2).div_(weight[0].numel())
        if isinstance(generator, denoisers.ResHLF):  # subtracts its last layer
            generator.tail.weight.data.neg_()
        assert generator.receptive_radius == radius
        side = 2 * radius + 25
        x = torch.full((1, 1, side, side), 0.1, dtype=torch.float64, requires_grad=True)
        generator(x)[0, 0, side // 2, side // 2].backward()
        rows, columns = x.grad[0, 0].nonzero(as_tuple=True)
        reach = slice(side // 2 - radius, side // 2 + radius + 1)
        assert (rows.min(), rows.max()) == (reach.start, reach.stop - 1)
        assert (columns.min(), columns.max()) == (reach.start, reach.stop - 1)
        assert (x.grad[0, 0, reach, reach] > 0).all()

    def test_a_generator_that_says_nothing_sees_the_whole_slice(self):
        assert BaseGenerator.receptive_radius is None


def foreign_state(generator):
    """Weights of another generator than this one."""
    other = WGANVGG() if isinstance(generator, REDCNN) else build(REDCNN)
    return other.state_dict()


class Model(BaseModel):
    """A generator as a part of a model, as in DenoisingModel."""

    def __init__(self, generator):
        super().__init__()
        self.generator = generator

    def forward(self, inputs, **_):
        return self.generator(inputs)


class TestWeights:
    def test_own_weights_are_loaded(self, generator):
        other = build(type(generator))
        state = {key: torch.full_like(value, 0.25) for key, value in generator.state_dict().items()}
        load_state_dict(Model(other), {f"generator.{key}": value for key, value in state.items()})
        for key, value in other.state_dict().items():
            assert torch.equal(value, state[key]), key

    def test_weights_of_another_generator(self, generator):
        """By PyTorch, by MMEngine, alone and as a part, strict or not: refused, and unharmed."""
        before = {key: value.clone() for key, value in generator.state_dict().items()}
        foreign = foreign_state(generator)
        inside = {f"generator.{key}": value for key, value in foreign.items()}
        says = rf"weights of this {type(generator).__name__}; give the config that trained it"
        for strict in (True, False):
            for load in (torch.nn.Module.load_state_dict, load_state_dict):
                with pytest.raises(ValueError, match=says):
                    load(generator, foreign, strict=strict)
                with pytest.raises(ValueError, match=says):
                    load(Model(generator), inside, strict=strict)
        for key, value in generator.state_dict().items():
            assert torch.equal(value, before[key]), key

    def test_cpce_and_map_nn_are_not_each_others(self):
        with pytest.raises(ValueError, match="weights of this MAPNN"):
            load_state_dict(MAPNN(), CPCE().state_dict())
        with pytest.raises(ValueError, match="weights of this CPCE"):
            load_state_dict(CPCE(), MAPNN().state_dict())

    def test_a_state_dict_without_a_generator_is_left_to_pytorch(self, generator):
        state = {"backbone.weight": torch.zeros(2)}
        load_state_dict(Model(generator), state)
        if list(generator.parameters()):
            with pytest.raises(RuntimeError, match="Missing key"):
                Model(generator).load_state_dict(state)

    def test_names_the_first_of_each_kind(self):
        state = CPCE(channels=8).state_dict()
        del state["encoder.0.weight"], state["encoder.1.weight"]
        state["head.weight"] = torch.zeros(1)
        with pytest.raises(
            ValueError,
            match=r"missing: encoder\.0\.weight and 1 more; unexpected: head\.weight; mismatched: "
            r"encoder\.2\.weight of shape \(8, 8, 3, 3\) instead of \(32, 32, 3, 3\) and 8 more",
        ):
            load_state_dict(CPCE(), state)


class TestCheckpointFile:
    @pytest.fixture
    def checkpoint(self, tmp_path):
        """Weights of a model with RED-CNN, as MMEngine's hook saves them."""
        path = tmp_path / "red_cnn.pth"
        torch.save({"state_dict": Model(build(REDCNN)).state_dict(), "meta": {}}, path)
        return str(path)

    def test_load_checkpoint(self, checkpoint):
        load_checkpoint(Model(build(REDCNN)), checkpoint)
        with pytest.raises(ValueError, match="weights of this WGANVGG"):
            load_checkpoint(Model(WGANVGG()), checkpoint, strict=False)

    def test_pretrained(self, checkpoint):
        pretrained = {"type": "Pretrained", "checkpoint": checkpoint, "prefix": "generator."}
        build(REDCNN, init_cfg=pretrained).init_weights()
        generator = MODELS.build({"type": "lidnet_mm.WGANVGG", "init_cfg": pretrained})
        with pytest.raises(ValueError, match="weights of this WGANVGG"):
            generator.init_weights()

    def test_load_from_of_the_runner(self, checkpoint, tmp_path):
        def runner(model, name):
            return Runner(
                model,
                work_dir=str(tmp_path / name),
                load_from=checkpoint,
                experiment_name=name,
                default_scope="mmengine",
            )

        runner(Model(build(REDCNN)), "same").load_or_resume()
        with pytest.raises(ValueError, match="weights of this WGANVGG"):
            runner(Model(WGANVGG()), "other").load_or_resume()


def test_identity_returns_its_input_and_has_nothing_to_learn():
    x = torch.rand(2, 1, 5, 7)
    assert Identity()(x) is x
    assert list(Identity().parameters()) == []
