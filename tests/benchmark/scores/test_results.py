import json
import math

import pytest

from lidnet_mm.benchmark import ResultRow, metrics_from_evaluator, read_results, write_results

SCORES = {
    "coco/bbox_mAP": 0.3,
    "coco/bbox_mAP_50": 0.579,
    "coco/bbox_mAP_75": 0.305,
    "image/PSNR": 28.5,
    "image/SSIM": 0.81,
    "image/RMSE": 0.04,
    "image/window_low": -160.0,
    "radiomics/correlation": 0.09,
    "radiomics/homogeneity": 0.07,
    "radiomics/energy": 0.02,
}


def test_file_has_the_form_that_others_depend_on(tmp_path, make_row):
    path = tmp_path / "work" / "results.json"
    write_results([make_row("lidnet", seed=2)], path)
    (entry,) = json.loads(path.read_text())
    assert list(entry) == [
        "dataset", "denoiser", "method", "detector", "judge", "seed", "metrics", "window_hu",
        "commit",
    ]  # fmt: skip
    assert list(entry["metrics"]) == [
        "AP50", "AP75", "PSNR", "SSIM", "RMSE", "correlation", "homogeneity", "energy",
    ]  # fmt: skip
    assert entry["window_hu"] == [-160, 240]
    assert (entry["method"], entry["seed"]) == ("lidnet", 2)


def test_what_is_written_is_read(tmp_path, make_row, ndct_row):
    rows = [make_row(), make_row("lidnet", seed=1, AP50=49.0), ndct_row]
    write_results(rows, tmp_path / "results.json")
    assert read_results(tmp_path / "results.json") == rows


def test_infinite_psnr_is_null_and_the_file_is_strict_json(tmp_path, ndct_row):
    write_results([ndct_row], tmp_path / "results.json")

    def refuse(constant):
        raise AssertionError(f"{constant} is not JSON")

    (entry,) = json.loads((tmp_path / "results.json").read_text(), parse_constant=refuse)
    assert entry["metrics"]["PSNR"] is None


def test_a_row_that_cannot_be_written_leaves_the_old_file(tmp_path, make_row):
    path = tmp_path / "results.json"
    write_results([make_row()], path)
    before = path.read_text()
    with pytest.raises(AttributeError):
        write_results([make_row(), {"dataset": "x"}], path)
    assert path.read_text() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("dataset", ""),
        ("denoiser", None),
        ("method", "best"),
        ("judge", 3),
        ("seed", -1),
        ("seed", True),
        ("seed", 1.0),
        ("window_hu", [240, -160]),
        ("window_hu", 400),
        ("metrics", [1]),
        ("AP50", 100.1),
        ("SSIM", "0.8"),
        ("RMSE", -0.1),
        ("PSNR", math.inf),
        ("energy", math.nan),
    ],
)
def test_a_wrong_field_is_named(make_row, field, value):
    with pytest.raises(ValueError, match=field):
        make_row(**{field: value})


def test_file_errors_name_file_row_and_field(tmp_path, make_row):
    path = tmp_path / "results.json"
    good = make_row().to_dict()
    bad = {**good, "metrics": {**good["metrics"], "AP50": -3}}
    missing = {key: value for key, value in good.items() if key != "judge"}
    unknown = {**good, "score": 1}
    for entry, problem in ((bad, "AP50"), (missing, "missing field judge"), (unknown, "score")):
        path.write_text(json.dumps([good, entry]))
        with pytest.raises(ValueError, match=rf"results\.json, row 1: .*{problem}"):
            read_results(path)
    path.write_text("{}")
    with pytest.raises(ValueError, match="list of rows"):
        read_results(path)
    path.write_text("[{]")
    with pytest.raises(ValueError, match=r"results\.json is not valid JSON"):
        read_results(path)


def test_missing_metric_is_named(make_row):
    entry = make_row().to_dict()
    del entry["metrics"]["SSIM"]
    with pytest.raises(ValueError, match="missing metric SSIM"):
        ResultRow.from_dict(entry)


def test_evaluator_results_become_metrics_with_ap_in_percent():
    metrics = metrics_from_evaluator(SCORES)
    assert metrics == {
        "AP50": 57.9,
        "AP75": 30.5,
        "PSNR": 28.5,
        "SSIM": 0.81,
        "RMSE": 0.04,
        "correlation": 0.09,
        "homogeneity": 0.07,
        "energy": 0.02,
    }


def test_values_that_do_not_exist_become_none():
    scores = {
        **SCORES,
        "coco/bbox_mAP_50": -1.0,
        "image/PSNR": math.inf,
        "radiomics/energy": math.nan,
    }
    metrics = metrics_from_evaluator(scores)
    assert [name for name, value in metrics.items() if value is None] == ["AP50", "PSNR", "energy"]


def test_a_missing_evaluator_is_named():
    scores = {key: value for key, value in SCORES.items() if not key.startswith("radiomics")}
    with pytest.raises(KeyError, match=r"radiomics/correlation.*RadiomicsMetric.*test_evaluator"):
        metrics_from_evaluator(scores)
