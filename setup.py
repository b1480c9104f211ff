"""Build command that puts tools, configs and the index of models where ``mim`` looks for them.

Everything else about the package is in ``setup.cfg``.

* ``pip install .``: ``mim`` takes the folder of the first installed file for the package. That is
  the ``.dist-info`` folder, which sorts before the package itself, so the wheel carries the files
  in ``<dist-info>/.mim``, and in ``lidnet_mm/.mim`` for versions of mim that look there. A console
  script would sort first of all and hide them: this package has none.
* ``pip install -e .``: ``mim`` takes the checkout itself and finds ``tools`` and ``configs`` as
  they are. It searches configs by name in the whole checkout, so no copy may be left there.
"""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.bdist_wheel import bdist_wheel

ROOT = Path(__file__).resolve().parent
PACKAGE = "lidnet_mm"
SHIPPED = ("tools", "configs")
INDEX = "model-index.yml"


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


setup(cmdclass={"bdist_wheel": WheelWithMim})
