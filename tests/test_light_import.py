"""What works where MMCV, MMDetection and all that only they need are not installed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
# One process does it all: starting PyTorch takes longer than the rest. The packages are looked for
# and not found, as where they are not installed.
LIGHT = """
import importlib, json, runpy, sys, traceback
from importlib.machinery import PathFinder
from pathlib import Path

ABSENT = {"imaug", "mim", "mmcv", "mmdet", "openxlab", "pycocotools", "radiomics", "shapely"}

class Light(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.partition(".")[0] in ABSENT else super().find_spec(name, path, target)

sys.meta_path[:] = [Light if finder is PathFinder else finder for finder in sys.meta_path]
folder, tools, configs = map(Path, sys.argv[1:])
found = {}

def result(function):
    try:
        found[function.__name__] = function()
    except BaseException as error:
        found[function.__name__] = "".join(traceback.format_exception(error))

def said(function):
    try:
        function()
    except ImportError as error:
        found[function.__name__] = [type(error).__name__, str(error)]
    except BaseException as error:
        found[function.__name__] = ["".join(traceback.format_exception(error)), ""]
    else:
        found[function.__name__] = ["no error", ""]

@result
def rooms():
    import pkgutil, lidnet_mm
    refused = {}
    for module in pkgutil.walk_packages(lidnet_mm.__path__, "lidnet_mm.", lambda name: None):
        if module.name == "lidnet_mm.__main__":
            continue
        try:
            importlib.import_module(module.name)
        except ImportError as error:
            refused[module.name] = [type(error).__name__, str(error)]
    return refused

import numpy as np
import torch
from mmengine.structures import BaseDataElement, PixelData
from lidnet_mm.apis import LIDInferencer
from lidnet_mm.registry import DATASETS, METRICS, MODELS, TASK_UTILS, TRANSFORMS

rows, columns = np.mgrid[:96, :96] - 47.5
DISK = np.where(np.hypot(rows, columns) < 40, 0, -1000).astype(np.float32)
NOISY = DISK + np.random.default_rng(0).normal(0, 60, DISK.shape).astype(np.float32)
INSIDE = np.hypot(rows, columns) < 30

@result
def denoise():
    inferencer = LIDInferencer("cpce_lidnet", detector="none", device="cpu")
    series = inferencer(NOISY[None], spacing=(5.0, 0.7, 0.7))
    return [list(series.volume.shape), float(series.volume[0][INSIDE].std()), series.lesions]

@result
def simulate():
    from lidnet_mm.simulation import simulate_low_dose
    ndct = torch.from_numpy(DISK)[None]
    ldct = simulate_low_dose(ndct, 3.0, 1e4, num_views=180, generator=torch.Generator())
    return [list(ldct.shape), float((ldct - ndct)[0].numpy()[INSIDE].std())]

@result
def quality():
    metric = METRICS.build({"type": "lidnet_mm.ImageQualityMetric", "window": (-160.0, 240.0)})
    ndct = torch.full((1, 32, 32), 40.0)
    sample = {"denoised": {"data": ndct + 20}, "ndct": {"data": ndct}}
    metric.process(None, [sample])
    return metric.evaluate(1)

@result
def texture():
    from lidnet_mm.evaluation.glcm_texture import glcm_texture
    checks = np.indices((8, 8)).sum(0) % 2 * 100.0
    return glcm_texture(checks, bin_width=25.0)

@result
def files():
    import nibabel
    stored = np.round(NOISY)[..., None].repeat(2, axis=-1).astype(np.int16)
    nibabel.save(nibabel.Nifti1Image(stored, np.diag([-0.7, -0.7, 5, 1])), folder / "ct.nii.gz")
    LIDInferencer("identity", device="cpu")(folder / "ct.nii.gz", out_dir=folder / "out")
    (written,) = (folder / "out").glob("*.nii.gz")
    image = nibabel.load(written)
    as_it_was = bool((np.asanyarray(image.dataobj) == stored).all())
    return [as_it_was, float(image.header.get_zooms()[2])]

@result
def offline_ldct():
    data = folder / "data"
    (data / "annotations").mkdir(parents=True)
    (data / "ct.nii.gz").write_bytes((folder / "ct.nii.gz").read_bytes())
    image = dict(id=1, file_name="ct.nii.gz", height=96, width=96, slice_index=0, patient_id="a")
    content = dict(
        images=[image | dict(spacing=[0.7, 0.7])],
        annotations=[],
        categories=[dict(id=1, name="lesion")],
    )
    (data / "annotations" / "train.json").write_text(json.dumps(content))
    tool = runpy.run_path(str(tools / "simulate_ldct.py"))
    status = tool["main"]([str(data), str(folder / "ldct"), "--noise-hu", "30"])
    return [status, (folder / "ldct" / "ct.nii.gz").is_file()]

@result
def config_of_a_denoiser():
    from lidnet_mm.apis.load_config import load_config
    return load_config(configs / "baselines" / "cpce_l1.py").model.generator.type

@result
def tool():
    # Of a model that finds lesions, without a detector to find them.
    main = runpy.run_path(str(tools / "denoise.py"))["main"]
    return [main([str(folder / "ct.nii.gz"), str(folder / "none")]), (folder / "none").exists()]

@said
def lid_detector():
    denoiser = {"type": "lidnet_mm.DenoisingModel", "generator": {"type": "lidnet_mm.CPCE"}}
    model = {"type": "lidnet_mm.LIDDetector", "denoiser": denoiser}
    MODELS.build({**model, "detector": {"type": "mmdet.FasterRCNN"}})

@said
def lesions():
    LIDInferencer("cpce_lidnet", device="cpu")

@said
def metric():
    METRICS.build({"type": "lidnet_mm.CocoMetric"})

@said
def dataset():
    DATASETS.build({"type": "lidnet_mm.CTLesionDataset", "ann_file": "train.json"})

@said
def dataset_from_mmengine():
    from mmengine.registry import DATASETS
    DATASETS.build({"type": "lidnet_mm.CTLesionDataset", "ann_file": "train.json"})

@said
def transform():
    TRANSFORMS.build({"type": "lidnet_mm.PackLIDInputs"})

@said
def regions():
    TASK_UTILS.build({"type": "lidnet_mm.RPNRegions"})

found["imported"] = sorted(ABSENT & set(sys.modules))
(folder / "found.json").write_text(json.dumps(found))
"""
NEED_DETECTION = {
    "lidnet_mm.datasets.ct_lesion_dataset",
    "lidnet_mm.datasets.transforms.pack_lid_inputs",
    "lidnet_mm.datasets.transforms.random_lesion_crop",
    "lidnet_mm.engine.coco_metric",
    "lidnet_mm.models.regions",
}
NEED_RADIOMICS = {"lidnet_mm.evaluation.pyradiomics_glcm"}
REMEDY = "pip install --no-build-isolation 'lidnet_mm[detection]' (docs/install.md)"


@pytest.fixture(scope="module")
def light(tmp_path_factory):
    """What the process found."""
    folder = tmp_path_factory.mktemp("light")
    done = subprocess.run(
        [sys.executable, "-c", LIGHT, str(folder), str(ROOT / "tools"), str(ROOT / "configs")],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return {**json.loads((folder / "found.json").read_text()), "stderr": done.stderr}


def test_all_rooms_import_but_those_of_detectors(light):
    assert light["imported"] == []
    assert set(light["rooms"]) == NEED_DETECTION | NEED_RADIOMICS
    assert {kind for kind, _ in light["rooms"].values()} == {"MissingPackageError"}


def test_lidnet_denoises_without_its_detector(light):
    shape, noise, lesions = light["denoise"]
    assert shape == [1, 96, 96]
    assert noise < 30  # of 60 HU
    assert lesions is None


def test_noise_is_simulated_on_an_array(light):
    shape, noise = light["simulate"]
    assert shape == [1, 96, 96]
    assert 10 < noise < 1000


def test_metrics_have_their_closed_form_on_an_offset(light):
    x, y, c1 = 0.55, 0.5, 1e-4
    assert light["quality"]["image/PSNR"] == pytest.approx(26.0206, abs=1e-4)  # 20 of 400 HU
    ssim = (2 * x * y + c1) / (x * x + y * y + c1)
    assert light["quality"]["image/SSIM"] == pytest.approx(ssim, rel=1e-6)


def test_texture_is_measured_without_pyradiomics(light):
    # Neighbours of a chessboard: two directions of pairs that differ, two of pairs that are alike.
    correlation, homogeneity, energy = light["texture"]
    assert correlation == pytest.approx(0, abs=1e-6)
    assert homogeneity == pytest.approx((1 / 5 + 1) / 2)  # four levels apart
    assert energy == pytest.approx(0.5, abs=0.02)


def test_nifti_is_read_and_written_as_it_was(light):
    assert light["files"] == [True, 5.0]


def test_ldct_of_a_converted_data_set_is_simulated(light):
    assert light["offline_ldct"] == [0, True]


def test_config_of_a_denoiser_is_read(light):
    assert light["config_of_a_denoiser"] == "lidnet_mm.CPCE"


@pytest.mark.parametrize(
    ("case", "who"),
    [
        ("lid_detector", "a detector"),
        ("lesions", "finding lesions"),
        ("metric", "CocoMetric"),
        ("dataset", "CTLesionDataset"),
        ("dataset_from_mmengine", "CTLesionDataset"),
        ("transform", "PackLIDInputs"),
        ("regions", "DenseHeadRegions"),
    ],
)
def test_what_needs_detectors_says_what_to_install_in_one_line(light, case, who):
    kind, message = light[case]
    assert kind == "MissingPackageError"
    assert message.startswith(f"{who} needs MMDetection, which is not installed: ")
    assert message.endswith(REMEDY)
    assert "\n" not in message


def test_tool_that_needs_a_detector_ends_with_that_line(light):
    assert light["tool"] == [2, False]
    line = light["stderr"].strip().splitlines()[-1]
    assert line.startswith("error: finding lesions needs MMDetection, which is not installed: give")
    assert line.endswith(REMEDY)
    assert "Traceback" not in light["stderr"]
