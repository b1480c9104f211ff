"""Where numbers come from: code, settings, machine."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from lidnet_mm.benchmark.scores.data_digest import DataDigest
from lidnet_mm.benchmark.scores.run_environment import (
    current_commit,
    machine_class,
    package_versions,
)
from lidnet_mm.benchmark.scores.score_source import ScoreSource
from lidnet_mm.evaluation.texture_source import PYRADIOMICS, texture_source

AT_REPORT = "at the time of the report"
"""Stands behind what a score of an older version does not tell."""


@dataclass(frozen=True)
class Provenance:
    """What a reader needs to get the same numbers.

    Attributes:
        configs (dict[str, str]): Name of the config by what it trained or scored.
        commit (str): Commit of the code that scored, ``unknown`` outside a checkout.
        date (str): Day of the run, ``YYYY-MM-DD``, or the first and the last day.
        machine (str): Class of machine, never its name; several are listed.
        versions (dict[str, str]): Version by package; several are listed.
        window_hu (tuple[float, float]): HU window of PSNR, SSIM and RMSE.
        dose (str): How low-dose images were made, such as ``simulated, 60 HU noise``.
        texture (str): What measured texture, such as ``PyRadiomics 3.0.1``; several are listed.
        data_range (float): Range of images in PSNR and SSIM. Defaults to 1.
        notes (dict[str, str]): Anything more, text by title.
        data (tuple[DataDigest, ...]): The data sets.
        judges (dict[str, str]): SHA-256 of the weights by config of the judge.
        low_dose (tuple[str, ...]): Settings of the simulation of LDCT.
    """

    configs: dict[str, str]
    commit: str
    date: str
    machine: str
    versions: dict[str, str]
    window_hu: tuple[float, float]
    dose: str
    texture: str
    data_range: float = 1.0
    notes: dict[str, str] = field(default_factory=dict)
    data: tuple[DataDigest, ...] = ()
    judges: dict[str, str] = field(default_factory=dict)
    low_dose: tuple[str, ...] = ()


def gather_provenance(
    configs: dict[str, str],
    window_hu: tuple[float, float],
    dose: str,
    notes: dict[str, str] | None = None,
    data: tuple[DataDigest, ...] = (),
    commits: Iterable[str] = (),
    sources: Sequence[ScoreSource | None] = (),
    judges: dict[str, str] | None = None,
    low_dose: tuple[str, ...] = (),
) -> Provenance:
    """Provenance of scores, or of a run that ends now on this machine.

    Args:
        configs (dict[str, str]): Name of the config by what it trained or scored.
        window_hu (tuple[float, float]): HU window of the image metrics.
        dose (str): How low-dose images were made.
        notes (dict[str, str] | None): Anything more, text by title.
        data (tuple[DataDigest, ...]): The data sets. Defaults to none.
        commits (Iterable[str]): Commits of the rows. A page that other code writes says so in its
            notes. Defaults to that of the code that runs.
        sources (Sequence[ScoreSource | None]): Of the scores; None for one of an older version,
            which has none. Defaults to this process.
        judges (dict[str, str], optional): SHA-256 of the weights by config of the judge.
        low_dose (tuple[str, ...]): Settings of the simulation of LDCT. Defaults to none.

    Returns:
        Provenance: With commit, date, machine, versions and source of texture filled in.
    """
    now = current_commit()
    scored = list(dict.fromkeys(commits)) or [now]
    notes = dict(notes or {})
    if scored != [now]:
        notes["Page"] = f"written by commit {now}"
    return Provenance(
        configs=configs,
        commit=", ".join(scored),
        **_environment(sources),
        window_hu=window_hu,
        dose=dose,
        texture=_texture(sources),
        notes=notes,
        data=data,
        judges=dict(judges or {}),
        low_dose=low_dose,
    )


def _texture(sources: Sequence[ScoreSource | None]) -> str:
    """Sources of the texture of some scores; that of this process where there are none."""
    found = [PYRADIOMICS if source is None else source.texture for source in sources]
    return " and ".join(dict.fromkeys(found)) or str(texture_source())


def _environment(sources: Sequence[ScoreSource | None]) -> dict[str, str | dict[str, str]]:
    """Dates, machines and versions of some scores; those of now where there are none."""
    known = [source for source in sources if source is not None]
    dates = sorted({source.date for source in known})
    machines = list(dict.fromkeys(source.machine for source in known))
    names = dict.fromkeys(name for source in known for name in source.versions)
    versions = {
        name: list(dict.fromkeys(s.versions[name] for s in known if name in s.versions))
        for name in names
    }
    when = " to ".join([*dates[:1], *dates[1:][-1:]])
    if len(known) < len(sources) or not sources:
        suffix = f" {AT_REPORT}" if sources else ""
        today = f"{date.today().isoformat()}{suffix}"
        when = f"{when}, {today}" if when else today
        machines.append(f"{machine_class()}{suffix}")
        for name, version in package_versions().items():
            if version not in (others := versions.setdefault(name, [])):
                others.append(f"{version}{suffix}")
    listed = {name: " and ".join(found) for name, found in versions.items()}
    return {"date": when, "machine": "; ".join(machines), "versions": listed}
