"""The page on adding a denoiser: its files are written, its commands run, a few steps each."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from mmengine.registry import init_default_scope

from lidnet_mm.apis.load_config import load_config
from lidnet_mm.datasets.converters.command_line import run as run_converter
from lidnet_mm.datasets.converters.sources.masks.nifti_masks import NiftiMasks
from lidnet_mm.datasets.thorax_phantom import PhantomScan, write_thorax_phantoms
from lidnet_mm.registry import MODELS

PAGE = Path(__file__).resolve().parents[1] / "docs" / "add_a_denoiser.md"
FILE = re.compile(r"^`(study/\w+\.py)`:\n\n```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMANDS = re.compile(r"^```bash\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# Cut to seconds: two slices, two steps of each network, no weights from the internet.
SHORT = " ".join(
    [
        "train_dataloader.batch_size=2 low_dose.num_views=60",
        "default_hooks.logger.interval=1 default_hooks.checkpoint.save_optimizer=False",
        *(f"{name}_dataloader.num_workers=0" for name in ("train", "val", "test")),
        *(f"{name}_dataloader.persistent_workers=False" for name in ("train", "val", "test")),
    ]
)
STEPS = {
    "my_denoiser_l1": "train_cfg.max_iters=2",
    "lidnet_my_denoiser": "train_cfg.pretrain_iters=1 train_cfg.denoiser_iters=2 "
    "train_cfg.detector_iters=1 train_cfg.rounds=1 model.detector.backbone.init_cfg=None",
    "mean_filter": "",
}


def page_files() -> dict[str, str]:
    """Files of the page by their path."""
    return dict(FILE.findall(PAGE.read_text(encoding="utf-8")))


def page_commands() -> dict[str, str]:
    """Commands of the page by the stem of the config that they name, after its exports."""
    lines = "".join(COMMANDS.findall(PAGE.read_text(encoding="utf-8"))).splitlines()
    exports = [line for line in lines if line.startswith("export ")]
    commands = [line for line in lines if line not in exports]
    stems = [re.search(r"study/(\w+)\.py", line)[1] for line in commands]
    return {stem: " && ".join([*exports, line]) for stem, line in zip(stems, commands, strict=True)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory, repository) -> Path:
    """The checkout, the study beside it, and a few slices of a phantom as ``data/mine``."""
    folder = tmp_path_factory.mktemp("add_a_denoiser")
    (folder / "lidnet_mm").symlink_to(repository)
    (folder / "study").mkdir()
    for path, text in page_files().items():
        (folder / path).write_text(text, encoding="utf-8")
    scan = PhantomScan(image_size=64, slices=2)
    write_thorax_phantoms(folder / "source", 3, scan, seed=0, diameters=(30, 50))
    split = ["--split", "train=1", "val=1", "test=1", "--min-size-mm", "8"]
    assert (
        run_converter(
            NiftiMasks(), "", [str(folder / "source"), str(folder / "data" / "mine"), *split]
        )
        == 0
    )
    return folder


def run(folder: Path, stem: str) -> str:
    """A command of the page with options that make it short; what it logged."""
    tools = Path(sys.executable).parent
    done = subprocess.run(
        ["bash", "-c", f"{page_commands()[stem]} {SHORT} {STEPS[stem]}"],
        cwd=folder,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PATH": f"{tools}:{os.environ['PATH']}"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout + done.stderr


def trained(folder: Path, stem: str) -> dict[str, torch.Tensor]:
    """Weights of the last checkpoint of a training."""
    note = folder / "work_dirs" / stem / "last_checkpoint"
    return torch.load(note.read_text(encoding="utf-8"), weights_only=False)["state_dict"]


def test_page_has_all_files_and_commands():
    configs = {f"study/{stem}.py" for stem in STEPS}
    assert set(page_files()) == {"study/my_denoiser.py", *configs}
    assert set(page_commands()) == set(STEPS)


def test_baseline(folder):
    log = run(folder, "my_denoiser_l1")
    losses = re.findall(r"Iter\(train\) \[\d/2\].* loss_reconstruction: (\S+)", log)
    assert len(losses) == 2
    weights = trained(folder, "my_denoiser_l1")
    assert weights["generator.noise.2.weight"].shape == (8, 8, 3, 3)


def test_lidnet(folder):
    log = run(folder, "lidnet_my_denoiser")
    for phase in ("T1", "T2", "T3"):
        assert f"{phase} round" in log
    assert re.search(r"T2 round .* loss_roi_perceptual: \d", log)
    weights = trained(folder, "lidnet_my_denoiser")
    assert weights["denoiser.generator.0.weight"].shape == (1, 1, 5, 5)


def test_classical_filter_needs_no_checkpoint_but_the_judges(folder, repository):
    config = load_config(repository / "configs" / "judges" / "judge_faster-rcnn_r50.py")
    config.model.backbone.init_cfg = None
    init_default_scope("mmdet")
    judge = folder / "work_dirs" / "judge_faster-rcnn_r50"
    judge.mkdir(parents=True)
    torch.save({"state_dict": MODELS.build(config.model).state_dict()}, judge / "iter_1.pth")
    (judge / "last_checkpoint").write_text(str(judge / "iter_1.pth"), encoding="utf-8")
    log = run(folder, "mean_filter")
    assert "MeanFilter" in log
    assert re.search(r"image/PSNR: +\d", log)
