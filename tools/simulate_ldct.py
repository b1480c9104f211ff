r"""Simulate the LDCT of a converted data set once, for trainings that then only load it.

DATA is what tools/dataset_converters writes: annotations/*.json and volumes/. Each volume gets a
NIfTI with the LDCT of the slices that the annotation files use, and each annotation file a copy
that names them, for lidnet_mm.LoadPairedLDCT. The LDCT is the one that lidnet_mm.SimulateLowDose
makes with the same settings. Run it n times at once with --shard 1/n to n/n, and again whenever it
was interrupted: what is there is not made again.

Example:
    python tools/simulate_ldct.py data/luna16 --noise-hu 60
    python tools/simulate_ldct.py data/luna16 --dose-fraction 0.25 --full-dose-photons 1e6 \
        --geometry siemens_definition_as --electronic-noise 10 --shard 1/4
"""

import argparse
import sys
from pathlib import Path

from tqdm import tqdm

from lidnet_mm.datasets.offline_ldct import LDCTSet, SetProgress, Shard, setting_name
from lidnet_mm.datasets.offline_ldct.ldct_file import STORES
from lidnet_mm.datasets.transforms import SimulateLowDose
from lidnet_mm.datasets.transforms.low_dose_modes import MODES, Dose
from lidnet_mm.last_line import say_error
from lidnet_mm.simulation import PAPER_DOSES, SCANNERS
from lidnet_mm.terminal import show_any_name

DOSE = {
    "photons": "incident_photons",
    "noise_hu": "noise_hu",
    "dose_fraction": "dose_fraction",
    "full_dose_photons": "full_dose_photons",
    "preset": "dose_preset",
}
"""Options of the dose, and what SimulateLowDose calls them."""


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path, help="root of a converted data set")
    parser.add_argument(
        "out", type=Path, nargs="?", help="folder of the LDCT (default: DATA/ldct/NAME)"
    )
    dose = parser.add_argument_group("dose, in one way")
    dose.add_argument("--noise-hu", type=float, help="noise in the body in HU")
    dose.add_argument("--photons", type=float, help="photons per ray before the patient, N0")
    dose.add_argument("--dose-fraction", type=float, help="parts of the full dose, 0 to 1")
    dose.add_argument("--full-dose-photons", type=float, help="N0 of the full dose")
    dose.add_argument("--preset", help=f"the paper's N0: {', '.join(PAPER_DOSES)}")
    scan = parser.add_argument_group("scan")
    scan.add_argument(
        "--mode", default="physics", help=f"{' or '.join(MODES)} (default: %(default)s)"
    )
    scan.add_argument("--geometry", help=f"parallel (default), fan, {', '.join(SCANNERS)}")
    scan.add_argument("--views", type=int, help="of parallel or fan (default: 720)")
    scan.add_argument(
        "--electronic-noise", type=float, default=0.0, help="in photons (default: %(default)s)"
    )
    scan.add_argument("--seed", type=int, default=0, help="of all noise (default: %(default)s)")
    parser.add_argument("--name", help="of the setting (default: from the options)")
    parser.add_argument(
        "--store",
        default=STORES[0],
        choices=STORES,
        help="float32: bit by bit what SimulateLowDose makes; int16: rounded, at most 0.5 HU off, "
        "less than half the space (default: %(default)s)",
    )
    parser.add_argument(
        "--shard", default="1/1", metavar="i/n", help="part of the volumes (default: all)"
    )
    parser.add_argument(
        "--device", default="cpu", help="such as cuda; draws other noise (default: %(default)s)"
    )
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Simulate, and return the exit status."""
    show_any_name()
    options = parse_arguments(arguments)
    try:
        ldct_set, shard = _ldct_set(options), Shard.parse(options.shard)
        with tqdm(total=ldct_set.slices_of(shard), unit="slice", disable=None) as bar:
            done = ldct_set.run(shard, bar.update)
    except (OSError, ValueError) as error:
        say_error(error)
        return 1
    sys.stdout.write(_summary(ldct_set, done))
    return 0


def _ldct_set(options: argparse.Namespace) -> LDCTSet:
    """The set that the options ask for."""
    dose = {DOSE[name]: getattr(options, name) for name in DOSE}
    scan = {
        "mode": options.mode,
        "geometry": options.geometry,
        "num_views": options.views,
        "electronic_noise": options.electronic_noise,
        "seed": options.seed,
    }
    simulate = SimulateLowDose(**dose, **scan, device=options.device)
    name = options.name or setting_name(Dose(**dose), **scan, store=options.store)
    return LDCTSet(options.data, options.out, simulate, name, options.store)


def _summary(ldct_set: LDCTSet, done: SetProgress) -> str:
    """What was done, and how a config uses it."""
    lines = [f"{done.made} volumes simulated, {done.kept} were there: {ldct_set.out}"]
    if done.missing:
        lines.append(f"{done.missing} volumes are missing: run the other shards")
    else:
        prefix = f", ldct={ldct_set.ldct_prefix!r}" if ldct_set.ldct_prefix else ""
        lines += [
            f"In a config: data_root={str(ldct_set.data)!r}, data_prefix=dict(img=''{prefix}),",
            "LoadPairedLDCT in place of SimulateLowDose, and as ann_file",
            *(f"    {path}" for path in done.annotation_files),
        ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
