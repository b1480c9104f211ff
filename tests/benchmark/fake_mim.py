"""Stand-in for ``mim``: notes its arguments and leaves the files behind that the real one would."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

METRICS = ("AP50", "AP75", "PSNR", "SSIM", "RMSE", "correlation", "homogeneity", "energy")

HANGING = """
import pathlib, signal, sys, time
folder = pathlib.Path(sys.argv[1])
def save(number, frame):
    (folder / "saved").touch()
    if not (folder / "deaf").exists():
        sys.exit(143)
signal.signal(signal.SIGTERM, save)
(folder / "hangs").touch()
while True:
    time.sleep(0.02)
"""
"""A training that mim starts, and that ends only of a signal."""

TORCHRUN = """
import signal, subprocess, sys
worker = subprocess.Popen([sys.executable, "-c", sys.argv[2], sys.argv[1]], start_new_session=True)
signal.signal(signal.SIGTERM, lambda number, frame: worker.terminate())
worker.wait()
"""
"""Starts that training in a session of its own and hands SIGTERM on, as torchrun does."""


def option(arguments, name, default=None):
    return arguments[arguments.index(name) + 1] if name in arguments else default


def train(folder):
    (folder / "last_checkpoint").write_text(str(folder / "iter_1.pth"))
    for iteration in [1, *os.environ.get("FAKE_KEPT", "").split()]:
        (folder / f"iter_{iteration}.pth").write_text("weights")
    log = folder / "20260101" / "vis_data" / "scalars.json"
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text(json.dumps({"loss": 0.5, "iter": 1, "step": 1}) + "\n")


def note(seen):
    """What it may use, as it begins; None as it ends."""
    with open(os.environ["FAKE_CALLS"] + ".seen", "a") as file:
        file.write(json.dumps([os.getpid(), seen]) + "\n")


def commit():
    return os.environ.get("FAKE_COMMIT", "0123456789ab")


def row(arguments):
    method = option(arguments, "--method") or option(arguments, "--score")
    untouched = "--score" in arguments
    return {
        "dataset": "fake",
        "denoiser": "none" if untouched else "CPCE",
        "method": method,
        "detector": "FasterRCNN-ResNet18" if method == "lidnet" else "none",
        "judge": "fake",
        "seed": int(option(arguments, "--seed")),
        "metrics": dict.fromkeys(METRICS, 0.5),
        "window_hu": json.loads(os.environ.get("FAKE_WINDOW", "[-160, 240]")),
        "commit": commit(),
    }


def main():
    arguments = sys.argv[1:]
    with open(os.environ["FAKE_CALLS"], "a") as file:
        file.write(json.dumps(arguments) + "\n")
    gpus = os.environ.get("CUDA_VISIBLE_DEVICES")
    note({"call": arguments, "gpus": gpus, "threads": int(os.environ["OMP_NUM_THREADS"])})
    sys.stdout.write("11/22 14:00:00 - mmengine - INFO - Iter(train) [1/1]  loss: 0.5\n")
    sys.stdout.write("a line of no interest\n")
    sys.stdout.flush()
    time.sleep(float(os.environ.get("FAKE_SECONDS", "0")))
    folder = Path(option(arguments, "--work-dir", "."))
    folder.mkdir(parents=True, exist_ok=True)
    if arguments[0] == "train":
        if folder.name in os.environ.get("FAKE_HANGS", "").split():
            several = [TORCHRUN, str(folder), HANGING]
            call = several if "--launcher" in arguments else [HANGING, str(folder)]
            subprocess.run([sys.executable, "-c", *call])
        train(folder)
    name = "prepare" if arguments[0] == "run" else folder.name
    if name in os.environ.get("FAKE_FAILS", "").split():
        sys.stdout.write(os.environ.get("FAKE_LOG", "the reason") + "\n")
        sys.exit(3)
    if arguments[0] == "run":
        (Path(arguments[-1]) / "annotations").mkdir(parents=True)
    if "--results" in arguments:
        Path(option(arguments, "--results")).write_text(json.dumps([row(arguments)]))
    note(None)


if __name__ == "__main__":
    main()
