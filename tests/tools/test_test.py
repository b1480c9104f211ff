"""The command line of ``tools/test.py``."""

import hashlib
import importlib.util
import json

import pytest

CONFIG = "model = dict(type={!r})\n"


@pytest.fixture
def tool(repository):
    """The tool as a module."""
    spec = importlib.util.spec_from_file_location("test_tool", repository / "tools" / "test.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def call(tool, tmp_path, monkeypatch):
    """Function that calls it with a config of a model type, and returns what was tested."""

    class Tested:
        """A Runner that only notes which checkpoints were loaded into its model."""

        def __init__(self, config):
            self.config, self.model = config, []

        from_cfg = classmethod(lambda cls, config: cls(config))

        def test(self):
            assert self.config.load_from is None
            found.extend(self.model)

    found = []
    monkeypatch.setattr(tool, "Runner", Tested)
    monkeypatch.setattr(tool, "check_identity", lambda config, file: None)
    monkeypatch.setattr(tool, "load_detector_weights", lambda model, file: model.append(file))

    def main(model, *options, checkpoint=("weights.pth",)):
        path = tmp_path / "config.py"
        path.write_text(CONFIG.format(model))
        monkeypatch.setattr("sys.argv", ["test.py", str(path), *checkpoint, *options])
        return tool.main(), found

    return main


def test_plain_detector(call):
    assert call("FasterRCNN", "--work-dir", "logs") == (0, ["weights.pth"])


@pytest.mark.parametrize("checkpoint", [(), ("none",)])
def test_plain_detector_without_weights(call, capsys, checkpoint):
    with pytest.raises(SystemExit) as status:
        call("FasterRCNN", checkpoint=checkpoint)
    assert status.value.code == 2
    assert "config.py is a plain detector: give its checkpoint" in capsys.readouterr().err


@pytest.mark.parametrize(
    "option",
    [
        ("--results", "results.json"),
        ("--records", "records.json"),
        ("--score", "ndct"),
        ("--score", "denoised"),
        ("--judge-checkpoint", "judge.pth"),
        ("--method", "lidnet"),
        ("--denoiser", "CPCE (L1)"),
        ("--cases", "0"),
        ("--seed", "0"),
    ],
)
def test_options_of_denoisers_are_refused_for_a_detector(call, capsys, option):
    with pytest.raises(SystemExit) as status:
        call("FasterRCNN", *option)
    assert status.value.code == 2
    assert f"config.py is a plain detector: {option[0]} need" in capsys.readouterr().err


def test_unknown_method(call, capsys):
    with pytest.raises(SystemExit):
        call("lidnet_mm.LIDDetector", "--method", "bm3d")
    assert "invalid choice: 'bm3d'" in capsys.readouterr().err


@pytest.fixture
def scored(tool, monkeypatch, tmp_path):
    """What the tool hands over to be scored."""
    found = []
    weights = tmp_path / "judge.pth"
    weights.write_bytes(b"weights")
    judge = tool.Judge("judge", None, str(weights))
    monkeypatch.setattr(tool.Judge, "of", lambda config, checkpoint: judge)

    class Row:
        metrics, method, judge, window_hu = {}, "lidnet", "judge", (0, 1)

    def score(config, judge, checkpoint, *rest):
        found.append((checkpoint, *rest))
        return Row, {"radiomics/num_rois": 3}

    monkeypatch.setattr(tool, "score", score)
    monkeypatch.setattr(tool, "write_results", lambda rows, path: path.write_text("row"))
    return found


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ((), ("denoised", None, None, None)),
        (("--score", "ldct", "--seed", "2"), ("ldct", None, 2, None)),
        (("--denoiser", "CPCE (L1)"), ("denoised", None, None, "CPCE (L1)")),
    ],
)
def test_what_is_scored(call, scored, tmp_path, options, expected):
    results = tmp_path / "score.json"
    call("lidnet_mm.LIDDetector", *options, "--results", str(results))
    assert scored == [("weights.pth", *expected)]
    assert results.read_text() == "row"
    details = json.loads((tmp_path / "details.json").read_text())
    assert details == {"radiomics/num_rois": 3}
    source = json.loads((tmp_path / "source.json").read_text())
    assert source["judge"] == hashlib.sha256(b"weights").hexdigest()
    assert "CPU cores" in source["machine"]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ((), []),
        (("--results", "a/score.json"), ["a/records.json", "a/physics.json"]),
        (("--records", "b/r.json"), ["b/r.json"]),
        (("--results", "a/score.json", "--records", "b/r.json"), ["b/r.json", "a/physics.json"]),
    ],
)
def test_where_records_and_physics_go(call, scored, tool, tmp_path, monkeypatch, options, expected):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a").mkdir()
    found = []
    for name in ("add_slice_records", "add_physics"):
        monkeypatch.setattr(tool, name, lambda config, path: found.append(str(path)))
    call("lidnet_mm.LIDDetector", *options)
    assert found == expected


@pytest.mark.parametrize("checkpoint", [(), ("none",)])
def test_a_denoiser_may_have_no_checkpoint(call, scored, checkpoint):
    call("lidnet_mm.DenoisingModel", checkpoint=checkpoint)
    assert scored[0][0] is None
