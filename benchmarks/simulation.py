"""Slices per second of projection, ramp filter and back-projection, beside their accuracy.

The phantom is a set of disks, so its line integrals are known in closed form. All methods get the
same slices, views and channel pitch in one process, and take turns, so that a busy machine slows
all of them alike; the fastest of the rounds counts. ASTRA is optional:
``pip install astra-toolbox``.

    python benchmarks/simulation.py --size 512 --views 720 --rounds 5
"""

import argparse
import importlib.util
import itertools
import math
import os
import platform
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import skimage
import torch
from skimage.transform import iradon, radon

from lidnet_mm.simulation import FanBeam, ParallelBeam, forward_project, reconstruct

WATER = 0.0192
FIELD_OF_VIEW = 350.0
DISKS = (  # x, y and radius as fractions of the field of view, attenuation relative to water
    (0.0, 0.0, 0.42, 1.0),
    (-0.18, -0.03, 0.13, -0.8),
    (0.19, 0.02, 0.12, -0.8),
    (0.01, 0.27, 0.05, 0.9),
    (0.05, -0.2, 0.03, 0.05),
)
SUPERSAMPLING = 8


@dataclass
class Method:
    """One way to project and to reconstruct a batch of slices.

    Attributes:
        name: row of the table.
        forward: slices (N, n, n) to line integrals.
        back: line integrals to slices (N, n, n).
        exact: closed-form line integrals of one slice, in the layout of `forward`.
        slices: N.
        threads: threads that PyTorch may use; ASTRA and skimage take one in any case.
    """

    name: str
    forward: Callable
    back: Callable
    exact: np.ndarray
    slices: int
    threads: int = 1


def main() -> None:
    """Parse the command line, run, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=512, help="side of the slice in pixels")
    parser.add_argument("--views", type=int, default=720, help="views of the scan")
    parser.add_argument("--rounds", type=int, default=5, help="rounds; the fastest counts")
    parser.add_argument(
        "--threads",
        type=int,
        nargs="+",
        default=sorted({1, os.cpu_count() or 1}),
        help="numbers of PyTorch's threads, a row each",
    )
    options = parser.parse_args()
    phantom = rasterise(options.size)
    methods = [
        *our_methods(phantom, options.views, options.threads),
        *astra_methods(phantom, options.views),
        *skimage_methods(phantom, options.views),
    ]
    times = {method.name: [] for method in methods}
    results = {}
    for number in range(options.rounds):
        for method in methods:
            sys.stderr.write(f"round {number + 1}: {method.name}\n")
            seconds, results[method.name] = run(method, phantom)
            times[method.name].append(seconds)
    print(machine())
    print(f"\n{options.size} x {options.size}, {options.views} views, {options.rounds} rounds.\n")
    print(table(methods, times, results, phantom))


def our_methods(phantom: np.ndarray, views: int, threads: list[int]) -> list[Method]:
    """This project's projector: parallel and fan beam, one slice and eight."""
    size, spacing = len(phantom), FIELD_OF_VIEW / len(phantom)
    methods = []
    for name, kind in (("parallel", ParallelBeam), ("fan", FanBeam)):
        scan = kind.covering(size, spacing, views)
        phi, distance = scan.rays(torch.arange(views))
        exact = line_integrals(phi.numpy(), distance.numpy())
        for count, workers in itertools.product((1, 8), threads):
            methods.append(
                Method(
                    f"lidnet_mm {name}, batch {count}, threads {workers}",
                    lambda image, scan=scan: forward_project(
                        torch.from_numpy(image), spacing, scan
                    ),
                    lambda sinogram, scan=scan: reconstruct(sinogram, size, spacing, scan).numpy(),
                    exact,
                    count,
                    workers,
                )
            )
    return methods


def astra_methods(phantom: np.ndarray, views: int) -> list[Method]:
    """ASTRA's CPU projector with linear interpolation (Joseph) and its FBP; none if absent."""
    if importlib.util.find_spec("astra") is None:
        sys.stderr.write("ASTRA is absent, its row is left out: pip install astra-toolbox\n")
        return []
    import astra

    size, spacing = len(phantom), FIELD_OF_VIEW / len(phantom)
    scan = ParallelBeam.covering(size, spacing, views)
    angles = (np.arange(views) + 0.5) * np.pi / views
    volume = astra.create_vol_geom(size, size)
    geometry = astra.create_proj_geom("parallel", 1.0, scan.num_detectors, angles)
    projector = astra.create_projector("linear", geometry, volume)

    def forward(image: np.ndarray) -> np.ndarray:
        number, sinogram = astra.create_sino(image[0], projector)
        astra.data2d.delete(number)
        return sinogram[None] * spacing

    def back(sinogram: np.ndarray) -> np.ndarray:
        data = astra.data2d.create("-sino", geometry, sinogram[0])
        image = astra.data2d.create("-vol", volume)
        settings = astra.astra_dict("FBP")
        settings.update(
            ProjectorId=projector,
            ProjectionDataId=data,
            ReconstructionDataId=image,
            FilterType="Ram-Lak",
        )
        algorithm = astra.algorithm.create(settings)
        astra.algorithm.run(algorithm)
        result = astra.data2d.get(image)[None] / spacing
        astra.algorithm.delete(algorithm)
        astra.data2d.delete([data, image])
        return result

    exact = line_integrals(-angles[:, None], channels(scan.num_detectors, spacing))
    return [Method("ASTRA CPU, linear", forward, back, exact, 1)]


def skimage_methods(phantom: np.ndarray, views: int) -> list[Method]:
    """Skimage's radon and iradon, for the inscribed circle only and for the whole slice."""
    size, spacing = len(phantom), FIELD_OF_VIEW / len(phantom)
    theta = (np.arange(views) + 0.5) * 180 / views
    half = (size % 2 == 0) * spacing / 2  # it turns the slice about pixel n // 2
    methods = []
    for name, circle in (("inscribed circle", True), ("whole slice", False)):
        count = size if circle else math.ceil(math.sqrt(2) * size)
        exact = line_integrals(
            -np.radians(theta)[:, None], (np.arange(count) - count // 2) * spacing, half
        )
        methods.append(
            Method(
                f"skimage, {name}",
                lambda image, circle=circle: radon(image[0], theta, circle=circle).T * spacing,
                lambda sinogram, circle=circle: iradon(
                    sinogram.T / spacing, theta, output_size=size, circle=circle
                )[None],
                exact,
                1,
            )
        )
    return methods


def channels(count: int, pitch: float) -> np.ndarray:
    """Signed distances (count,) of the channels from the isocentre in mm."""
    return (np.arange(count) - (count - 1) / 2) * pitch


def line_integrals(phi: np.ndarray, distance: np.ndarray, shift: float = 0.0) -> np.ndarray:
    """Closed-form line integrals of the phantom: chords of its disks.

    Args:
        phi: angles of the rays' normals in radians.
        distance: signed distances of the rays from the origin in mm.
        shift: x and y of the origin, from the centre of the slice, in mm.
    """
    total = 0.0
    for x, y, radius, relative in DISKS:
        centre_x, centre_y = x * FIELD_OF_VIEW - shift, y * FIELD_OF_VIEW - shift
        offset = distance - centre_x * np.cos(phi) - centre_y * np.sin(phi)
        chord = 2 * np.sqrt(np.clip((radius * FIELD_OF_VIEW) ** 2 - offset**2, 0, None))
        total = total + relative * WATER * chord
    return total


def rasterise(size: int) -> np.ndarray:
    """The phantom (n, n) in 1/mm, float32, averaged over each pixel."""
    fine = size * SUPERSAMPLING
    axis = channels(fine, FIELD_OF_VIEW / fine).astype(np.float32)
    image = np.zeros((fine, fine), np.float32)
    for x, y, radius, relative in DISKS:
        inside = np.hypot(axis - x * FIELD_OF_VIEW, axis[:, None] - y * FIELD_OF_VIEW)
        image[inside < radius * FIELD_OF_VIEW] += relative * WATER
    return image.reshape(size, SUPERSAMPLING, size, SUPERSAMPLING).mean((1, 3))


def smooth_region(size: int) -> np.ndarray:
    """Pixels (n, n) of the body more than 4 pixels from every edge of the phantom."""
    spacing = FIELD_OF_VIEW / size
    axis = channels(size, spacing)
    region = np.ones((size, size), bool)
    for number, (x, y, radius, _) in enumerate(DISKS):
        edge = np.hypot(axis - x * FIELD_OF_VIEW, axis[:, None] - y * FIELD_OF_VIEW)
        edge -= radius * FIELD_OF_VIEW
        region &= edge < -4 * spacing if number == 0 else np.abs(edge) > 4 * spacing
    return region


def run(method: Method, phantom: np.ndarray) -> tuple[tuple[float, float], tuple]:
    """Seconds of both directions, and the first slice's line integrals and reconstruction."""
    torch.set_num_threads(method.threads)
    slices = np.repeat(phantom[None], method.slices, 0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # skimage warns of pixels outside of the circle
        start = time.perf_counter()
        sinogram = method.forward(slices)
        middle = time.perf_counter()
        image = method.back(sinogram)
        end = time.perf_counter()
    first = np.asarray(sinogram)
    first = first[0] if first.ndim == 3 else first
    return (middle - start, end - middle), (first, image[0])


def table(methods: list[Method], times: dict, results: dict, phantom: np.ndarray) -> str:
    """The Markdown table of speed and accuracy."""
    region = smooth_region(len(phantom))
    best = {m.name: min(times[m.name], key=sum) for m in methods}
    rates = {m.name: m.slices / sum(best[m.name]) for m in methods}
    references = [m.name for m in methods if not m.name.startswith("lidnet_mm")]
    lines = [
        "| method | forward, s/slice | filter and back, s/slice | slices/s | "
        + " | ".join(f"x {name}" for name in references)
        + " | line integrals, RMSE / max | slice, RMSE in HU |",
        "|---" * (6 + len(references)) + "|",
    ]
    for m in methods:
        sinogram, image = results[m.name]
        projection_error = np.sqrt(np.mean((sinogram - m.exact) ** 2)) / m.exact.max()
        slice_error = np.sqrt(np.mean((image - phantom)[region] ** 2)) * 1000 / WATER
        ratios = " | ".join(f"{rates[m.name] / rates[name]:.1f}" for name in references)
        forward, back = (seconds / m.slices for seconds in best[m.name])
        lines.append(
            f"| {m.name} | {forward:.3f} | {back:.3f} | {rates[m.name]:.2f} | {ratios} | "
            f"{projection_error:.5f} | {slice_error:.2f} |"
        )
    return "\n".join(lines)


def machine() -> str:
    """One line on the processor and the versions."""
    info = Path("/proc/cpuinfo")
    names = [
        line.split(":")[1].strip()
        for line in (info.read_text().splitlines() if info.is_file() else [])
        if line.startswith("model name")
    ]
    name = names[0] if names else platform.processor() or platform.machine()
    return (
        f"{os.cpu_count()} cores of {name}; PyTorch {torch.__version__}, "
        f"scikit-image {skimage.__version__}, NumPy {np.__version__}, "
        f"Python {platform.python_version()}"
    )


if __name__ == "__main__":
    main()
