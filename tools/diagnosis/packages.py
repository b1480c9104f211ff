"""Packages: which versions are there, which are asked for, and whether they can be imported."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

from diagnosis.problem import Problem
from installation.openmmlab import installed_names, original_packages

PROBE = Path(__file__).with_name("import_probe.py")
SECONDS = 600
# Distribution and the module that it is imported as, in the order of the report: what others import
# stands before them. All that a bare `pip install` brings is here.
MODULES = {
    "torch": "torch",
    "numpy": "numpy",
    "opencv-python-headless": "cv2",
    "pyyaml": "yaml",
    "pillow": "PIL",
    "scipy": "scipy",
    "matplotlib": "matplotlib",
    "onedl-mmengine": "mmengine",
    "onedl-mmcv": "mmcv",
    "onedl-mmdetection": "mmdet",
    "onedl-mim": "mim",
    "lidnet-mm": "lidnet_mm",
    "scikit-image": "skimage",
    "pyradiomics": "radiomics",
    "simpleitk": "SimpleITK",
    "nibabel": "nibabel",
    "indexed-gzip": "indexed_gzip",
    "pydicom": "pydicom",
    "highdicom": "highdicom",
    "python-gdcm": "gdcm",
    "pytorch-msssim": "pytorch_msssim",
    "safetensors": "safetensors",
    "jinja2": "jinja2",
    "filelock": "filelock",
    "tqdm": "tqdm",
    "bm3d": "bm3d",
    "monai": "monai",
    "einops": "einops",
    "onnx": "onnx",
    "onnxscript": "onnxscript",
    "onnxruntime": "onnxruntime",
}
OLDEST_TORCH = (2, 6)
# Some packages make a folder of theirs as soon as they are imported.
NOT_WRITABLE = re.compile(r"(PermissionError|OSError): \[Errno (13|30)\]")


@dataclass(frozen=True)
class Package:
    """One package: version that is installed, error of its import, and further facts."""

    distribution: str
    version: str | None = None
    error: str | None = None
    facts: dict[str, object] = field(default_factory=dict)

    @property
    def absent(self) -> bool:
        """Whether it simply is not installed."""
        module = MODULES.get(self.distribution, self.distribution)
        return (
            self.version is None
            and self.error is not None
            and (self.error.startswith(f"ModuleNotFoundError: No module named '{module}'"))
        )


def look(distributions: list[str]) -> dict[str, Package]:
    """Import packages in another process, which a broken one may end.

    Args:
        distributions: Keys of ``MODULES``.

    Returns:
        What is known of each.
    """
    installed = installed_names()
    results: dict[str, dict[str, object]] = {}
    left = [MODULES[name] for name in distributions]
    while left:
        answers, ending = run_probe(left)
        results.update(answers)
        left = [module for module in left if module not in answers]
        if left:
            # The first without an answer is the one that ended the process.
            results[left[0]] = {"error": ending}
            left = left[1:]
    packages = {}
    for name in distributions:
        facts = results[MODULES[name]]
        version = installed.get(name) or facts.get("version")
        if name == "torch":
            version = facts.get("version") or version  # with its build
        packages[name] = Package(name, version, facts.get("error"), facts)
    return packages


def run_probe(modules: list[str]) -> tuple[dict[str, dict[str, object]], str]:
    """Import modules in one process.

    Returns:
        The answers by module, and what is to be said of a module without an answer.
    """
    command = [sys.executable, str(PROBE), *modules]
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        text = error.stdout or ""
        text = text.decode(errors="replace") if isinstance(text, bytes) else text
        ending = f"its import does not end within {SECONDS} s"
    else:
        text, status = done.stdout, done.returncode
        how = f"signal {-status}" if status < 0 else f"exit status {status}"
        ending = f"its import ends Python ({how})"
    answers = {}
    for line in text.splitlines():
        try:
            answer = json.loads(line)
            answers[answer["module"]] = answer
        except (ValueError, KeyError, TypeError):
            continue  # written by a module's own code, below Python
    return answers, ending


@dataclass(frozen=True)
class Wanted:
    """A requirement of lidnet_mm: version range as text, and the extra that it belongs to."""

    specifier: str
    extra: str | None = None


def wanted() -> dict[str, Wanted] | None:
    """What lidnet_mm asks for on this Python, by distribution; None where it is not installed."""
    try:
        lines = metadata.requires("lidnet_mm")
    except metadata.PackageNotFoundError:
        return None
    found: dict[str, Wanted] = {}
    for line in lines or []:
        text, _, marker = line.partition(";")
        name, specifier = re.match(r"\s*([A-Za-z0-9._-]+)[^<>=!~]*(.*)", text).groups()
        extra = re.search(r"""extra\s*==\s*["']([^"']+)["']""", marker)
        limit = re.search(r"""python_version\s*<\s*["']3\.(\d+)["']""", marker)
        if limit and sys.version_info[:2] >= (3, int(limit[1])):
            continue
        entry = Wanted(specifier.strip(" ()"), extra[1] if extra else None)
        key = re.sub(r"[-_.]+", "-", name).lower()
        # What is needed anyhow is not optional because an extra names it, too.
        if key not in found or entry.extra is None:
            found[key] = entry
    return found


def admits(specifier: str, version: str) -> bool:
    """Whether a version is in a range; True where that cannot be told."""
    try:
        from packaging.specifiers import SpecifierSet

        return SpecifierSet(specifier).contains(version, prereleases=True)
    except Exception:  # packaging may be missing or broken like anything else
        return True


def problems(
    packages: dict[str, Package],
    requirements: dict[str, Wanted] | None,
    installed: dict[str, str],
    told: str = "",
) -> list[Problem]:
    """What is wrong with the packages.

    Args:
        packages: Those that were looked at.
        requirements: What lidnet_mm asks for; None where it is not installed.
        installed: Versions of all installed distributions by name.
        told: What is said of mmcv's ops; a package that fails for that is not told again.
    """
    found = []
    mixed = original_packages(installed)
    if mixed:
        found.append(Problem(*mixed))
    if requirements is None:
        found.append(
            Problem(
                "lidnet_mm is not installed in this Python",
                "`make install` in the checkout, or `pip install .` (docs/install.md)",
            )
        )
    halves = [packages[name] for name in ("onedl-mmcv", "onedl-mmdetection") if name in packages]
    absent = [half.distribution for half in halves if half.absent]
    if len(halves) == 2 and len(absent) == 1 and requirements is not None:
        other = next(half.distribution for half in halves if not half.absent)
        found.append(
            Problem(
                f"{absent[0]} is missing, and {other} is there: detectors need both",
                "`make install`, or docs/install.md for an environment of your own",
            )
        )
    causes: list[Package] = []
    for package in packages.values():
        if package.error and (package.error in told or fails_for(package, causes)):
            continue
        found += package_problems(package, requirements or {})
        if package.error:
            causes.append(package)
    return found


def fails_for(package: Package, causes: list[Package]) -> bool:
    """Whether a package fails only for what is wrong with others, which are told of already."""
    missing = re.search(r"No module named '(\w+)", package.error or "")
    return any(
        package.error == cause.error or (missing and missing[1] == MODULES[cause.distribution])
        for cause in causes
    )


def package_problems(package: Package, requirements: dict[str, Wanted]) -> list[Problem]:
    """What is wrong with one package."""
    name = package.distribution
    asked = requirements.get(name)
    needed = name == "torch" or (asked is not None and asked.extra is None)
    specifier = asked.specifier if asked else ""
    again = f"`pip install '{name}{specifier}'`"
    if name.startswith("onedl-") or name in ("torch", "pyradiomics"):
        again = "`make install`, or docs/install.md for an environment of your own"
    if package.absent:
        return [Problem(f"{name} is missing", again)] if needed else []
    if package.error:
        text = f"{name} {package.version or ''}".strip() + f" cannot be imported: {package.error}"
        if NOT_WRITABLE.match(package.error):
            return [Problem(text, "Set HOME to a folder that can be written", needed)]
        forced = f"`pip install --force-reinstall --no-deps '{name}{specifier}'`"
        return [Problem(text, again if again.startswith("`make") else forced, needed)]
    if name == "torch" and package.version and too_old(package.version):
        return [
            Problem(
                f"PyTorch {package.version} is too old, 2.6 is the oldest that works",
                "`make distclean`, then `make install`",
            )
        ]
    if specifier and package.version and not admits(specifier, package.version):
        return [Problem(f"{name} {package.version} is there, {specifier} is needed", again, needed)]
    return []


def too_old(version: str) -> bool:
    """Whether a version of PyTorch is older than what works."""
    numbers = re.match(r"(\d+)\.(\d+)", version)
    return numbers is not None and (int(numbers[1]), int(numbers[2])) < OLDEST_TORCH
