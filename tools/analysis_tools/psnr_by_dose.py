r"""PSNR of denoisers by dose on the test slices of a converted set, with intervals over patients.

For each noise the LDCT of every slice is simulated, the same for all. Beside the denoisers stand
the LDCT itself and the Gaussian filter whose width is best in the mean at that noise.

Example:
    python tools/analysis_tools/psnr_by_dose.py data/chest_doses scores.json \
        --denoiser cpce_l1 --denoiser cpce_lidnet --noise-hu 15 30 60 120 250
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter
from tqdm import tqdm

from lidnet_mm.apis.trained_model import load_denoiser
from lidnet_mm.atomic_write import write_whole
from lidnet_mm.benchmark.evidence.bootstrap import patient_draws, percentile_tail
from lidnet_mm.coco_json.annotation_file import class_names, read_annotation_file
from lidnet_mm.datasets.ct_lesion_dataset import CTLesionDataset
from lidnet_mm.datasets.transforms import LoadCTSlice, SimulateLowDose
from lidnet_mm.evaluation.image_quality_metric import slice_quality
from lidnet_mm.hu_window import HUWindow
from lidnet_mm.inference.slice_denoiser import SliceDenoiser
from lidnet_mm.last_line import say_error
from lidnet_mm.output_path import check_output_file

WINDOW = HUWindow(-1000.0, 1000.0)

WIDTHS = (0.5, 0.7, 0.9, 1.2, 1.5, 2.0, 2.6, 3.4)
"""Standard deviations of the Gaussian filters in pixels."""

RESAMPLES = 10_000

Denoise = Callable[[np.ndarray], np.ndarray]


def build_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path, help="root of a converted data set")
    parser.add_argument("out", type=Path, help="json to write")
    parser.add_argument("--denoiser", action="append", required=True, help="bundled model or card")
    parser.add_argument("--noise-hu", type=float, nargs="+", default=[15, 30, 60, 120, 250])
    parser.add_argument("--slices", type=int, help="use at most so many (default: all)")
    return parser


def methods(names: Sequence[str]) -> dict[str, Denoise]:
    """What is compared, by name: HU to HU."""
    found: dict[str, Denoise] = {"LDCT": lambda hu: hu}
    for width in WIDTHS:
        found[f"Gaussian {width:g}"] = lambda hu, width=width: gaussian_filter(hu, width)
    for name in names:
        trained = load_denoiser(name)
        strength = trained.card.default_strength if trained.card else 1.0
        denoise = SliceDenoiser(trained.model, strength=strength)
        found[trained.name] = lambda hu, denoise=denoise: hu + denoise([hu])[0][0]
    return found


def scores(
    data: Path, noise_hu: float, compared: dict[str, Denoise], most: int | None
) -> dict[str, dict[str, list[float]]]:
    """PSNR in dB of every slice: method → patient → slices."""
    annotations = data / "annotations" / "test.json"
    dataset = CTLesionDataset(
        ann_file="annotations/test.json",
        data_root=str(data),
        metainfo={"classes": class_names(read_annotation_file(annotations).content)},
        pipeline=[LoadCTSlice(), SimulateLowDose(noise_hu=noise_hu, num_views=360)],
        test_mode=True,
    )
    chosen = range(len(dataset))
    if most is not None:
        chosen = np.unique(np.linspace(0, len(dataset) - 1, most).round().astype(int)).tolist()
    found: dict[str, dict[str, list[float]]] = {name: {} for name in compared}
    for index in tqdm(chosen, desc=f"{noise_hu:g} HU", unit="slice", disable=None):
        sample = dataset[index]
        ldct, ndct = (np.ascontiguousarray(sample["img"][..., k]) for k in (0, 1))
        for name, denoise in compared.items():
            psnr = slice_quality(denoise(ldct), ndct, WINDOW).psnr
            found[name].setdefault(sample["patient_id"], []).append(psnr)
    return found


def summary(patients: dict[str, list[float]], other: dict[str, list[float]] | None) -> list[float]:
    """Mean over patients, or of the difference to another method, and its 95 % interval."""
    means = np.array([np.mean(values) for values in patients.values()])
    if other is not None:
        means = means - np.array([np.mean(other[name]) for name in patients])
    drawn = patient_draws(len(means), RESAMPLES, seed=0) @ means / len(means)
    tail = percentile_tail(len(means))
    low, high = np.quantile(drawn, [tail, 1 - tail])
    return [round(float(value), 2) for value in (means.mean(), low, high)]


def table(found: dict[str, dict[str, list[float]]], names: Sequence[str]) -> dict[str, object]:
    """Scores at one noise."""
    widths = [name for name in found if name.startswith("Gaussian")]
    best = max(widths, key=lambda name: summary(found[name], None)[0])
    row: dict[str, object] = {
        "patients": len(found["LDCT"]),
        "slices": sum(map(len, found["LDCT"].values())),
        "LDCT": summary(found["LDCT"], None),
        best: summary(found[best], None),
    }
    for name in names:
        row[name] = summary(found[name], None)
        row[f"{name} less {best}"] = summary(found[name], found[best])
    return row


def main(arguments: Sequence[str] | None = None) -> int:
    """Score, and return the exit status."""
    options = build_parser().parse_args(arguments)
    try:
        check_output_file(options.out, [("the data", options.data)], [".json"])
        compared = methods(options.denoiser)
        names = [name for name in compared if name != "LDCT" and not name.startswith("Gaussian")]
        result = {
            f"{noise:g}": table(scores(options.data, noise, compared, options.slices), names)
            for noise in options.noise_hu
        }
        write_whole(options.out, f"{json.dumps(result, indent=1)}\n".encode())
    except (OSError, ValueError) as error:
        say_error(error)
        return 1
    sys.stdout.write(f"{json.dumps(result, indent=1)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
