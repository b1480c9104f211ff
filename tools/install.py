"""Set up the virtual environment that the Makefile's targets run in.

PyTorch has to be there before mmcv's ops and PyRadiomics compile against it, hence the steps. A
ready wheel of mmcv is taken where one fits the interpreter and PyTorch: from ``PIP_FIND_LINKS``,
or from its makers' index. Otherwise its ops compile for minutes; each file is told as it is done,
with the time left. The complete output goes to ``install.log`` in the environment.

Example:
    python3 tools/install.py --venv .venv --torch torch==2.13.0
"""

import argparse
import sys
from pathlib import Path

# What reads the other files: they are not valid in older ones.
READS = (3, 8)


def main() -> None:
    """Read the command line and install."""
    if sys.version_info[:2] < READS:
        sys.exit(
            f"\nInstallation stopped. {sys.executable} is Python {sys.version.split()[0]}, only "
            "3.10 to 3.13 are supported. Name one, for example `make install PYTHON=python3.12`."
        )
    from installation import InstallError
    from installation.environment import install
    from installation.steps import ROOT

    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--venv", type=Path, default=Path(".venv"), help="environment's folder")
    parser.add_argument("--torch", default="", help="requirement, such as torch==2.13.0")
    parser.add_argument(
        "--python",
        default=sys.executable,
        help="interpreter of a new environment (default: this one); empty for the best one on "
        "the PATH: with a ready wheel of mmcv, if there is one",
    )
    arguments = parser.parse_args()
    if not (ROOT / "requirements-build.txt").exists():
        sys.exit(
            f"\nInstallation stopped. {ROOT} is no checkout. What an installed lidnet_mm lacks: "
            "`pip install --no-build-isolation 'lidnet_mm[detection]'` (docs/install.md)."
        )
    try:
        install(arguments.venv.absolute(), arguments.python, arguments.torch)
    except InstallError as error:
        sys.exit(f"\nInstallation stopped. {error}")


if __name__ == "__main__":
    main()
