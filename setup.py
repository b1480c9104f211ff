"""Build commands that put ``tools`` and ``configs`` where ``mim`` looks for them.

Everything else about the package is in ``setup.cfg``.

* ``pip install .``: ``mim`` takes the folder of the first installed file for the package. That is
  the ``.dist-info`` folder, which sorts before the package itself, so the wheel carries the files
  in ``<dist-info>/.mim``, and in ``lidnet_mm/.mim`` for versions of mim that look there.
* ``pip install -e .``: ``mim`` takes the checkout itself and finds ``tools`` and ``configs`` as
  they are. Copies left behind by an earlier build would make every config ambiguous, so they go.
"""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent
PACKAGE = "lidnet_mm"
SHIPPED = ("tools", "configs", "model-index.yml")


def remove_copies(build_lib: Path) -> None:
    """Delete the copies that an earlier build left in the checkout."""
    for folder in (ROOT / PACKAGE / ".mim", build_lib / PACKAGE / ".mim"):
        if folder.is_symlink():
            folder.unlink()
        elif folder.exists():
            shutil.rmtree(folder)


def copy_shipped(target: Path) -> None:
    """Copy what mim serves into ``target``, without caches."""
    for name in SHIPPED:
        source = ROOT / name
        if source.is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "*.py[cod]")
            shutil.copytree(source, target / name, ignore=ignored)
        elif source.exists():
            target.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target / name)


class BuildWithMim(build_py):
    """Build the package and, except for an editable install, its ``.mim`` folder."""

    def run(self) -> None:
        """Build the modules, then the ``.mim`` folder beside them."""
        super().run()
        remove_copies(Path(self.build_lib))
        if not self.editable_mode:
            copy_shipped(Path(self.build_lib) / PACKAGE / ".mim")


class WheelWithMim(bdist_wheel):
    """Write a wheel whose ``.dist-info`` folder holds the package's ``.mim`` folder too."""

    def write_wheelfile(self, wheelfile_base: str, *args: object, **kwargs: object) -> None:
        """Write ``WHEEL`` into the ``.dist-info`` folder, and ``.mim`` beside it.

        An editable wheel has no built package, hence nothing to copy.
        """
        super().write_wheelfile(wheelfile_base, *args, **kwargs)
        built = Path(self.bdist_dir) / PACKAGE / ".mim"
        if built.is_dir():
            shutil.copytree(built, Path(wheelfile_base) / ".mim", dirs_exist_ok=True)


setup(cmdclass={"build_py": BuildWithMim, "bdist_wheel": WheelWithMim})
