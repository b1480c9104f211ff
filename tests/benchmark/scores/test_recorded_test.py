import pytest
from mmengine.config import Config

from lidnet_mm.apis.load_config import load_config
from lidnet_mm.benchmark.scores.recorded_test import add_physics, add_slice_records
from lidnet_mm.benchmark.scores.results import EVALUATOR_NAMES, metrics_from_evaluator
from lidnet_mm.registry import METRICS

PHYSICS = {"type": "lidnet_mm.PhysicsMetric", "out_file": "x/physics.json"}
RECORD = {"type": "lidnet_mm.SliceRecordMetric", "out_file": "x/records.json"}


def test_settings_are_those_of_the_other_evaluators(tmp_path):
    evaluators = [
        {"type": "CocoMetric", "ann_file": "test.json", "metric": "bbox"},
        {"type": "lidnet_mm.ImageQualityMetric", "window": (-160, 240)},
        {"type": "RadiomicsMetric", "window": (-500, 500), "bin_width": 10, "min_size": 6},
    ]
    config = Config({"test_evaluator": evaluators})
    add_slice_records(config, tmp_path / "records.json")
    assert config.test_evaluator[:3] == evaluators
    assert config.test_evaluator[3] == {
        "type": "lidnet_mm.SliceRecordMetric",
        "out_file": str(tmp_path / "records.json"),
        "window": (-160, 240),
        "texture_window": (-500, 500),
        "bin_width": 10,
        "min_size": 6,
        "ann_file": "test.json",
    }


@pytest.mark.parametrize("evaluator", [{"type": "lidnet_mm.ImageQualityMetric"}, [], None])
def test_what_is_not_set_is_left_to_the_metric(evaluator):
    config = Config({"test_evaluator": evaluator})
    add_slice_records(config, "x/records.json")
    assert config.test_evaluator[-1] == RECORD
    assert METRICS.build(config.test_evaluator[-1]).window is None


def test_a_config_of_the_repository(repository):
    config = load_config(repository / "configs" / "baselines" / "cpce_l1_sts.py")
    before = len(config.test_evaluator)
    add_slice_records(config, "x/records.json")
    assert len(config.test_evaluator) == before + 1
    assert config.test_evaluator[-1] == {**RECORD, "ann_file": "data/sts/annotations/test.json"}


class TestPhysics:
    def test_window_is_that_of_the_image_quality(self):
        evaluators = [{"type": "lidnet_mm.ImageQualityMetric", "window": (-160, 240)}]
        config = Config({"test_evaluator": evaluators})
        add_physics(config, "x/physics.json")
        assert config.test_evaluator == [*evaluators, {**PHYSICS, "window": (-160, 240)}]

    @pytest.mark.parametrize("evaluator", [{"type": "ImageQualityMetric"}, [], None])
    def test_without_it_that_of_the_samples(self, evaluator):
        config = Config({"test_evaluator": evaluator})
        add_physics(config, "x/physics.json")
        assert config.test_evaluator[-1] == PHYSICS
        assert METRICS.build(config.test_evaluator[-1]).window is None

    @pytest.mark.parametrize("own", ["lidnet_mm.PhysicsMetric", "PhysicsMetric"])
    @pytest.mark.parametrize("as_list", [True, False])
    @pytest.mark.parametrize(
        ("file", "expected"),
        [({}, "x/physics.json"), ({"out_file": None}, "x/physics.json"), ({"out_file": "a"}, "a")],
    )
    def test_that_of_the_config_is_not_doubled(self, own, as_list, file, expected):
        evaluator = {"type": own, "patch_mm": 30, "window": (-100, 100), **file}
        config = Config({"test_evaluator": [evaluator] if as_list else evaluator})
        add_physics(config, "x/physics.json")
        found = config.test_evaluator[0] if as_list else config.test_evaluator
        assert found == {**evaluator, "out_file": expected}
        assert not as_list or len(config.test_evaluator) == 1

    def test_it_leaves_the_row_as_it_was(self):
        scores = dict.fromkeys(EVALUATOR_NAMES.values(), 0.5)
        more = {**scores, "physics/nps_std_hu": 3.0, "physics/ttf_f50": float("nan")}
        assert metrics_from_evaluator(more) == metrics_from_evaluator(scores)
