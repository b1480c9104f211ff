"""Requirements by extra; a build command that puts tools, configs and index where mim looks.

Everything else about the package is in ``setup.cfg``. Requirements are written once, in
``requirements.txt`` and ``requirements-dev.txt``, and divided by their headings: see there.

For ``mim``:

* ``pip install .``: ``mim`` takes the folder of the first installed file for the package. That is
  the ``.dist-info`` folder, which sorts before the package itself, so the wheel carries the files
  in ``<dist-info>/.mim``, and in ``lidnet_mm/.mim`` for versions of mim that look there. A console
  script would sort first of all and hide them: this package has none.
* ``pip install -e .``: ``mim`` takes the checkout itself and finds ``tools`` and ``configs`` as
  they are. It searches configs by name in the whole checkout, so no copy may be left there.
"""

import re
import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.bdist_wheel import bdist_wheel

ROOT = Path(__file__).resolve().parent
PACKAGE = "lidnet_mm"
SHIPPED = ("tools", "configs")
INDEX = "model-index.yml"
HEADING = re.compile(r"# \[(\w+)\]")


class WheelWithMim(bdist_wheel):
    """Write a wheel that holds tools, configs and the index in the folders that mim knows."""

    def write_wheelfile(self, wheelfile_base: str, *args: object, **kwargs: object) -> None:
        """Complete the ``.dist-info`` folder, and add both ``.mim`` folders to the wheel.

        An editable wheel is written without the package, and gets none.
        """
        super().write_wheelfile(wheelfile_base, *args, **kwargs)
        package = Path(self.bdist_dir) / PACKAGE
        if not package.is_dir():
            return
        for folder in (package, Path(wheelfile_base)):
            for name in SHIPPED:
                ignored = shutil.ignore_patterns("__pycache__")
                shutil.copytree(ROOT / name, folder / ".mim" / name, ignore=ignored)
            shutil.copy(ROOT / INDEX, folder / ".mim" / INDEX)


def requirements(name: str) -> dict[str, list[str]]:
    """Read a list of requirements.

    Args:
        name: File in this folder.

    Returns:
        Requirements by the heading that they stand under, ``""`` for those before the first.
    """
    found: dict[str, list[str]] = {"": []}
    heading = ""
    for line in (ROOT / name).read_text(encoding="utf-8").splitlines():
        if match := HEADING.match(line):
            heading = match[1]
            found[heading] = []
        elif requirement := line.partition("#")[0].strip():
            found[heading].append(requirement)
    return found


RUNS = requirements("requirements.txt")
LIGHT = RUNS.pop("")
OPTIONAL = requirements("requirements-dev.txt")
OPTIONAL.pop("")  # for who works on the package itself

setup(
    cmdclass={"bdist_wheel": WheelWithMim},
    install_requires=LIGHT,
    extras_require={**RUNS, **OPTIONAL, "all": [each for extra in RUNS.values() for each in extra]},
)
