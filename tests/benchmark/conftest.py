"""Rows, logs and slices to report on."""

import importlib.util
import json
import shutil
from pathlib import Path

import fake_mim
import numpy as np
import pytest
from matrix_files import FILES

from lidnet_mm.benchmark import ResultRow
from lidnet_mm.benchmark.jobs import job
from lidnet_mm.benchmark.matrix.matrix import Matrix

METRICS = {
    "AP50": 41.5,
    "AP75": 20.25,
    "PSNR": 28.31,
    "SSIM": 0.8124,
    "RMSE": 0.0387,
    "correlation": 0.0931,
    "homogeneity": 0.0712,
    "energy": 0.0211,
}


def _row(method="baseline", seed=0, **changes):
    """A row; metrics are given by name among the changes."""
    own = {name: changes.pop(name) for name in METRICS if name in changes}
    plain = {
        "dataset": "STS, 60 HU noise",
        "denoiser": "CPCE",
        "method": method,
        "detector": "none",
        "judge": "Faster R-CNN R18",
        "seed": seed,
        "metrics": {**METRICS, **own},
        "window_hu": (-160, 240),
        "commit": "0123456789ab",
    }
    return ResultRow(**{**plain, **changes})


def _write_log(path, entries):
    """A log as MMEngine writes it: one object a line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(entry) + "\n" for entry in entries))
    return path


@pytest.fixture(scope="session")
def make_row():
    """Maker of result rows."""
    return _row


@pytest.fixture(scope="session")
def write_log():
    """Writer of ``scalars.json``."""
    return _write_log


@pytest.fixture(scope="session")
def ndct_row():
    """NDCT scored against itself."""
    zero = dict.fromkeys(("RMSE", "correlation", "homogeneity", "energy"), 0.0)
    return _row("ndct", denoiser="none", AP50=57.9, AP75=30.5, PSNR=None, SSIM=1.0, **zero)


@pytest.fixture(scope="session")
def phased_entries():
    """Log of a short collaborative training: T1 to 40, T2 to 80, T3 to 100."""
    entries = []
    for iteration in range(10, 101, 10):
        phase = 1 if iteration <= 40 else 2 if iteration <= 80 else 3
        detection = {"detector.loss_cls": 0.5, "detector.loss_bbox": 0.25}
        own = {"loss_reconstruction": 0.04, "loss_roi_perceptual": 0.4} if phase == 2 else {}
        total = sum({**detection, **own}.values()) + iteration / 1000
        entries.append(
            {"lr": 1e-4, **own, **detection, "loss": total, "phase": phase, "round": int(phase > 1)}
            | {"iter": iteration, "step": iteration}
        )
    return [*entries, {"coco/bbox_mAP_50": 0.3, "image/PSNR": np.inf, "step": 100}]


@pytest.fixture(scope="session")
def adversarial_entries():
    """Log of a WGAN with four steps of the critic before each one of the generator."""
    entries = []
    for iteration in range(1, 41):
        if iteration % 5:
            scalars = {
                "critic.wasserstein": 2.0 - iteration / 10,
                "critic.loss_wasserstein": iteration / 10 - 2.0,
                "critic.loss_gradient_penalty": 0.5,
                "critic.loss": iteration / 10 - 1.5,
            }
        else:
            scalars = {
                "loss_adversarial": -0.5,
                "loss_perceptual": 0.25,
                "loss_structure": 0.125,
                "loss_edge": 0.0625,
                "loss_total_variation": 0.03125,
                "loss": -0.03125,
            }
        entries.append({"lr": 1e-4, **scalars, "iter": iteration, "step": iteration})
    return entries


COMPARISON = """
title = 'Test'
data_root = '{work_dir}/data'
methods = [
    dict(method='ldct'),
    dict(method='baseline', config='baseline.py'),
    dict(method='lidnet', config='lidnet.py'),
    dict(method='ndct'),
]
seeds = [0, 1]
num_cases = 2
case_window = (-160, 240)
dose = 'simulated'
"""


def _alone(generator):
    """Model that trains a generator alone."""
    return {"type": "lidnet_mm.DenoisingModel", "generator": {"type": f"lidnet_mm.{generator}"}}


MODELS = {
    "baseline": _alone("CPCE"),
    "lidnet": {
        "type": "lidnet_mm.LIDDetector",
        "denoiser": _alone("CPCE"),
        "detector": {"type": "FasterRCNN", "backbone": {"type": "ResNet", "depth": 18}},
    },
}
UNNAMED_MODELS = {"red_cnn": _alone("REDCNN"), "identity": _alone("Identity")}
"""Of configs that lie there for comparisons of several denoisers."""


@pytest.fixture
def write_comparison(tmp_path):
    """Function that writes a comparison with its configs; a text is appended to the comparison."""

    def write(more="", judges=("judge.py", "judge.py")):
        folder = tmp_path / "configs"
        folder.mkdir(exist_ok=True)
        for name in {*judges} - {""}:
            (folder / name).write_text("model = dict(type='FasterRCNN')\n")
        models = {**MODELS, **UNNAMED_MODELS}
        for name, judge in zip(models, [*judges, "judge.py", "judge.py"], strict=True):
            (folder / f"{name}.py").write_text(f"judge = '{judge}'\nmodel = {models[name]!r}\n")
        (folder / "comparison.py").write_text(COMPARISON + more)
        return folder / "comparison.py"

    return write


@pytest.fixture
def tool(repository):
    """``tools/benchmark.py`` as a module."""
    path = repository / "tools" / "benchmark.py"
    spec = importlib.util.spec_from_file_location("benchmark_tool", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def calls(tmp_path, monkeypatch, request):
    """Puts the stand-in for mim in place; a function that reads what it was called with."""
    package = tmp_path / "fake" / "mim"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    shutil.copy(Path(__file__).with_name("fake_mim.py"), package / "__main__.py")
    notes = tmp_path / "calls.jsonl"
    path = [str(package.parent), str(request.config.rootpath)]
    monkeypatch.setenv("PYTHONPATH", ":".join(path))
    monkeypatch.setenv("FAKE_CALLS", str(notes))
    monkeypatch.setattr(job, "current_commit", fake_mim.commit)

    def read() -> list[list[str]]:
        lines = notes.read_text().splitlines() if notes.is_file() else []
        notes.unlink(missing_ok=True)
        return [json.loads(line) for line in lines]

    return read


@pytest.fixture
def read_matrix(tmp_path):
    """Function that writes the small matrix and reads it; a text is appended to it."""

    def read(more="", work_dir=None, data_root=None):
        folder = tmp_path / "configs"
        folder.mkdir(exist_ok=True)
        for name, text in FILES.items():
            (folder / name).write_text(text + (more if name == "matrix.py" else ""))
        return Matrix.from_file(folder / "matrix.py", work_dir or tmp_path / "work", data_root)

    return read
