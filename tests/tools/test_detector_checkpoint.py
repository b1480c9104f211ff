"""The command line of ``tools/detector_checkpoint.py``."""

import importlib.util

import pytest
import torch

from lidnet_mm.apis.bare_lidnet import build_bare_lidnet
from lidnet_mm.apis.load_config import load_config

NAME = "lidnet_cpce_faster-rcnn_r18_sts.py"


@pytest.fixture(scope="module")
def config_file(repository):
    return repository / "configs" / "lidnet" / NAME


@pytest.fixture(scope="module")
def weights(config_file):
    """The LIDnet's weights."""
    return build_bare_lidnet(load_config(config_file)).state_dict()


@pytest.fixture
def call(repository, config_file, monkeypatch):
    """Function that calls the tool with the config of the STS table."""
    path = repository / "tools" / "detector_checkpoint.py"
    spec = importlib.util.spec_from_file_location("detector_checkpoint_tool", path)
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)

    def main(direction, *rest):
        arguments = ["detector_checkpoint.py", direction, config_file, *rest]
        monkeypatch.setattr("sys.argv", [str(argument) for argument in arguments])
        return tool.main()

    return main


@pytest.fixture
def plain_file(weights, tmp_path):
    """A plain checkpoint with 80 classes, one tensor too few and some of MMDetection 2.x."""
    begin = "detector."
    state = {k.removeprefix(begin): v for k, v in weights.items() if k.startswith(begin)}
    state["roi_head.bbox_head.fc_cls.weight"] = torch.zeros(81, 256)
    del state["roi_head.bbox_head.fc_cls.bias"]
    state |= {f"ema_{index}": torch.zeros(1) for index in range(9)}
    torch.save({"state_dict": state}, tmp_path / "plain.pth")
    return tmp_path / "plain.pth"


def test_import_tells_what_was_taken(call, plain_file, tmp_path, capsys, weights):
    out = tmp_path / "lid.pth"
    assert call("import", plain_file, out) == 0
    total = sum(name.startswith("detector.") for name in weights)
    assert capsys.readouterr().out.splitlines() == [
        f"Detector: {total - 2} of {total} tensors taken",
        "  another shape, left out (1): roi_head.bbox_head.fc_cls.weight (81, 256) -> (2, 256)",
        "  not in the model, left out (9): ema_0, ema_1, ema_2, ema_3, ema_4, ema_5, and 3 more",
        "  not in the checkpoint, to be initialised (1): roi_head.bbox_head.fc_cls.bias",
        f"Written: {out}; start from it with load_from={out}",
    ]
    assert out.is_file()


def test_import_with_a_denoiser(call, plain_file, weights, tmp_path, capsys):
    begin = "denoiser."
    state = {k.removeprefix(begin): v for k, v in weights.items() if k.startswith(begin)}
    torch.save({"state_dict": state}, tmp_path / "cpce.pth")
    out = tmp_path / "lid.pth"
    assert call("import", plain_file, out, "--denoiser", tmp_path / "cpce.pth") == 0
    assert f"Denoiser: {len(state)} of {len(state)} tensors taken" in capsys.readouterr().out
    assert {f"{begin}{k}" for k in state} < set(torch.load(out)["state_dict"])


def test_export(call, weights, tmp_path, capsys):
    torch.save({"state_dict": weights}, tmp_path / "lid.pth")
    assert call("export", tmp_path / "lid.pth", tmp_path / "plain.pth") == 0
    said = capsys.readouterr().out
    assert said == f"Written: {tmp_path / 'plain.pth'}\nConfig:  {tmp_path / 'plain.py'}\n"
    assert load_config(tmp_path / "plain.py").model.type == "FasterRCNN"


def test_errors_are_told_in_a_line(call, tmp_path, capsys):
    assert call("import", tmp_path / "none.pth", tmp_path / "lid.pth") == 1
    assert capsys.readouterr().err.startswith("error: ")
    assert not (tmp_path / "lid.pth").exists()


def test_export_has_no_denoiser(call, tmp_path, capsys):
    with pytest.raises(SystemExit) as status:
        call("export", tmp_path / "lid.pth", tmp_path / "plain.pth", "--denoiser", "x.pth")
    assert status.value.code == 2
    assert "--denoiser is for import" in capsys.readouterr().err
