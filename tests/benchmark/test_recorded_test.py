import pytest
from mmengine.config import Config

from lidnet_mm.apis.load_config import load_config
from lidnet_mm.benchmark.recorded_test import add_slice_records
from lidnet_mm.registry import METRICS

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
