"""The bundled models, and what a card is refused for."""

import hashlib
import pickle

import pytest
import torch
import yaml
from safetensors.torch import load_file, save_file

from lidnet_mm.apis.trained_model import load_denoiser, load_detector
from lidnet_mm.hu_window import HUWindow
from lidnet_mm.inference.operating_range import NAMES
from lidnet_mm.registry import MODELS as REGISTRY
from lidnet_mm.zoo import bundled_names, parse_card, read_card
from lidnet_mm.zoo.model_card import MODELS, CardError

MIB = 1 << 20


def is_detector(name: str) -> bool:
    """Whether a bundled model finds lesions."""
    return read_card(name).model["type"] != "lidnet_mm.DenoisingModel"


def load(name):
    """The denoiser or the detector of that name or card."""
    detects = read_card(name).model["type"] != "lidnet_mm.DenoisingModel"
    return (load_detector if detects else load_denoiser)(name)


def test_what_is_bundled():
    kinds = [is_detector(name) for name in bundled_names()]
    assert kinds.count(True) >= 1 and kinds.count(False) >= 3  # two networks and the identity
    files = {path.name for path in MODELS.iterdir() if path.is_file()}
    cards = {f"{name}.yml" for name in bundled_names()}
    assert files == cards | {read_card(n).weights for n in bundled_names()} - {""}


@pytest.mark.parametrize("name", bundled_names())
class TestBundled:
    def test_card_says_what_it_must(self, name):
        card = read_card(name)
        assert card.name == name and card.summary
        assert set(card.trained_for) <= set(NAMES)
        assert HUWindow.parse(card.model.get("data_preprocessor", {}).get("window", (-1000, 1000)))
        if card.weights:
            assert card.data and card.training["config"] and card.training["commit"]
            assert all(each["licence"].startswith("CC BY") for each in card.data)
            assert any("not a medical device" in limit for limit in card.limits)
        if card.weights and not is_detector(name):
            assert set(card.trained_for) == set(NAMES)
        assert parse_card(card.as_json(), card.path) == card

    def test_weights_are_those_of_the_card_and_small(self, name):
        card = read_card(name)
        if not card.weights:
            pytest.skip("a model without weights")
        content = card.weights_file.read_bytes()
        assert hashlib.sha256(content).hexdigest() == card.sha256
        assert len(content) < (16 * MIB if is_detector(name) else MIB)

    def test_model_holds_exactly_the_weights_of_the_file(self, name):
        trained = load(name)
        card = trained.card
        stored = load_file(card.weights_file) if card.weights else {}
        own = trained.model.state_dict()
        assert set(own) == set(stored)
        for key, value in stored.items():
            assert torch.isfinite(value).all(), key
            assert torch.equal(own[key], value), key
        assert trained.weights_sha256 == card.sha256

    def test_detector_is_one(self, name):
        detector = read_card(name).detector
        if not detector:
            pytest.skip("trained without a detector")
        assert is_detector(detector)
        assert load_denoiser(name).detector == (str(MODELS / f"{detector}.yml"), None)


@pytest.fixture
def card(tmp_path):
    """Function that writes a card with weights beside it."""
    model = {
        "type": "lidnet_mm.DenoisingModel",
        "generator": {"type": "lidnet_mm.ResHLF", "channels": 2},
    }
    weights = tmp_path / "own.safetensors"
    built = REGISTRY.build(model).state_dict()
    save_file({key: value.contiguous() for key, value in built.items()}, weights)
    sha256 = hashlib.sha256(weights.read_bytes()).hexdigest()
    stated = {"name": "own", "summary": "A test's.", "model": model}
    stated |= {"weights": weights.name, "sha256": sha256}

    def write(**changes):
        path = tmp_path / "own.yml"
        entries = {key: value for key, value in (stated | changes).items() if value is not None}
        path.write_text(yaml.safe_dump(entries))
        return path

    return write


def test_card_of_ones_own(card):
    trained = load_denoiser(card())
    assert trained.name == "own" and trained.model.generator.tail.weight.shape == (1, 2, 3, 3)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"licence": "mine"}, r"own\.yml has unknown entries: licence"),
        ({"sha256": "0" * 64}, r"own\.safetensors is not the file of its card: SHA-256 .* instead"),
        ({"sha256": None}, r"own\.safetensors is not the file of its card"),
        ({"weights": "no.safetensors"}, r"no\.safetensors are missing; copy them beside it"),
        ({"weights": "own.pth"}, r"own\.pth are not loaded: .* safetensors"),
        ({"model": None}, r"own\.yml is no model card .*model"),
        ({"model": {"generator": 1}}, "model has no type"),
        ({"model": "cpce"}, "model has no type"),
        ({"default_strength": 2}, "default_strength is 2; give a number from 0 to 1"),
        ({"default_strength": "half"}, "default_strength is 'half'; give a number"),
        ({"score_threshold": True}, "score_threshold is True; give a number"),
        ({"trained_for": {"noise_hu": 30}}, r"noise_hu is 30; give its lowest and highest"),
        ({"trained_for": {"noise_hu": [250, 5]}}, r"noise_hu is \[250, 5\]; give its lowest"),
        ({"trained_for": [5, 250]}, r"trained_for is \[5, 250\]; give name: \[low"),
        (
            {
                "model": {
                    "type": "lidnet_mm.DenoisingModel",
                    "generator": {"type": "lidnet_mm.CPCE"},
                }
            },
            "own.safetensors does not hold the weights of this CPCE",
        ),
    ],
)
def test_wrong_cards(card, changes, words):
    with pytest.raises(ValueError, match=words) as raised:
        load_denoiser(card(**changes))
    assert "\n" not in str(raised.value)


def test_detector_that_is_not_there(card):
    trained = load_denoiser(card(detector="absent"))
    with pytest.raises(CardError, match=r"there is no model .*absent\.yml"):
        load_detector(*trained.detector)


@pytest.mark.parametrize("text", ["", "- a\n- b\n", "just words", "a: [", "\t"])
def test_no_card_at_all(tmp_path, text):
    path = tmp_path / "bad.yml"
    path.write_text(text)
    with pytest.raises(CardError, match=r"bad\.yml is no model card") as raised:
        read_card(path)
    assert "\n" not in str(raised.value)


def test_binary_is_no_card(tmp_path):
    path = tmp_path / "bad.yml"
    path.write_bytes(b"\xff\xfe\x00name")
    with pytest.raises(CardError, match=r"bad\.yml is no model card"):
        read_card(path)


def test_name_that_does_not_exist():
    with pytest.raises(CardError, match="there is no model cpce_lid: the bundled ones are cpce_l1"):
        read_card("cpce_lid")


def test_a_pickle_in_place_of_weights_is_not_read(card, tmp_path):
    """Neither by its name, nor under the name of safetensors with the right digest."""

    class Planted:
        def __reduce__(self):
            return (tmp_path.joinpath("ran").touch, ())

    path = tmp_path / "own.safetensors"
    wrong = card()
    for content in (pickle.dumps({"generator.head.weight": Planted()}), b""):
        path.write_bytes(content)
        wrong = card(sha256=hashlib.sha256(content).hexdigest())
        with pytest.raises(ValueError, match=r"own\.safetensors is damaged or no file of safetens"):
            load_denoiser(wrong)
    assert not (tmp_path / "ran").exists()
