"""The parts of a data set that a config or a converted folder names."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.registry import DATASETS

from lidnet_mm.coco_json.annotation_file import class_names, read_annotation_file
from lidnet_mm.missing_package import needed_by
from lidnet_mm.visualization.dataset_page.part import DataPart

PARTS = ("train", "val", "test")
REBUILD = "rebuild it with tools/dataset_converters"
PACK = "lidnet_mm.PackLIDInputs"
PAIRED = "lidnet_mm.LoadPairedLDCT"
LDCT_STEPS = ("lidnet_mm.SimulateLowDose", PAIRED)
UNAUGMENTED = ("lidnet_mm.LoadCTSlice", "LoadAnnotations", *LDCT_STEPS, PACK)
"""Steps that neither move nor change a slice at random: what ``raw`` leaves of a pipeline."""
DOSES = ("noise_hu", "incident_photons", "dose_fraction")


def parts_of_config(config: Config, part: str | None = None, raw: bool = False) -> list[DataPart]:
    """The part of a config's data, through its own pipeline.

    Args:
        config: As of ``load_config``.
        part: ``train``, ``val`` or ``test``; None for the first of them that the config has.
        raw: Leave out the steps of the pipeline that augment, such as crops and flips.

    Returns:
        One part.

    Raises:
        FileNotFoundError: Its annotation file or a volume is missing.
        ValueError: The config has no such part, or its pipeline does not pack with
            ``PackLIDInputs``.
    """
    having = [name for name in PARTS if config.get(f"{name}_dataloader")]
    name = part or next(iter(having), PARTS[0])
    if name not in having:
        others = f"it has {', '.join(having)}" if having else "nor any other data loader"
        raise ValueError(
            f"{_file_of(config)} has no {name}_dataloader: {others}; choose with --part"
        )
    dataset = config[f"{name}_dataloader"].dataset.copy()
    return [_build(name, dataset, raw)]


def parts_of_folder(folder: Path, part: str | None = None) -> list[DataPart]:
    """The parts of a converted data set, unaugmented; LDCT where the annotation file has pairs.

    Args:
        folder: Data root: ``annotations/*.json`` and what they name.
        part: Name of an annotation file without its ending; None for all.

    Returns:
        The parts, training first.

    Raises:
        FileNotFoundError: There is no such annotation file, or a volume is missing.
        ValueError: An annotation file is not what a converter writes.
    """
    files = sorted((folder / "annotations").glob("*.json"), key=_order)
    if not files:
        raise FileNotFoundError(
            f"{folder} has no annotations/*.json: give a folder that one of"
            " tools/dataset_converters wrote, or a config"
        )
    chosen = [file for file in files if part in (None, file.stem)]
    if not chosen:
        names = ", ".join(file.stem for file in files)
        raise FileNotFoundError(
            f"{folder} has no annotations/{part}.json: it has {names}; choose with --part"
        )
    return [_build(file.stem, _dataset_of(folder, file), raw=False) for file in chosen]


def _file_of(config: Config) -> str:
    """Name of the config's own file, before ``load_config`` renamed it for work dirs."""
    return Path(config.filename).name.removeprefix("resolved_")


def _order(file: Path) -> tuple[int, str]:
    """Training, validation, test, others."""
    return (PARTS.index(file.stem) if file.stem in PARTS else len(PARTS)), file.name


def _dataset_of(folder: Path, file: Path) -> dict[str, Any]:
    """Config of a data set that loads and packs the slices of an annotation file."""
    content = read_annotation_file(file).content
    paired = any(record.get("ldct_file_name") for record in content["images"])
    loading = [{"type": "lidnet_mm.LoadCTSlice"}, {"type": "LoadAnnotations", "with_bbox": True}]
    return {
        "type": "lidnet_mm.CTLesionDataset",
        "unannotated": True,
        "data_root": str(folder),
        "ann_file": f"annotations/{file.name}",
        "metainfo": {"classes": class_names(content)},
        "test_mode": True,
        "pipeline": [
            *loading,
            *([{"type": PAIRED}] if paired else []),
            {"type": PACK, "source": "ldct" if paired else "ndct"},
        ],
    }


def _build(name: str, dataset: Mapping[str, Any], raw: bool) -> DataPart:
    """Build a part from the config of its data set."""
    for inner in _with_pipeline(dataset) if raw else ():
        inner["pipeline"] = [step for step in inner["pipeline"] if step["type"] in UNAUGMENTED]
    steps = [step for inner in _with_pipeline(dataset) for step in inner["pipeline"]]
    packs = [step for step in steps if step["type"] == PACK]
    if not packs:
        raise ValueError(
            f"the pipeline of the {name} part ends without {PACK}, so it gives no slices in HU:"
            " browse a config whose pipeline packs with it, or the data root"
        )
    with needed_by("a page of a data set"):
        from mmdet.utils import register_all_modules

    register_all_modules(init_default_scope=True)
    has_ldct = all(step.get("source", "ldct") == "ldct" for step in packs)
    return DataPart(name, DATASETS.build(dataset), _in_words(steps), has_ldct)


def _with_pipeline(dataset: Any) -> Iterator[Any]:
    """Configs of the data sets with a pipeline, those inside wrappers, too."""
    if dataset.get("pipeline"):
        yield dataset
    for inside in dataset.get("datasets") or [dataset.get("dataset")]:
        if inside is not None:
            yield from _with_pipeline(inside)


def _in_words(steps: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Names of the steps, with the dose where there is one; no paths."""
    return tuple(
        step["type"].removeprefix("lidnet_mm.")
        + "".join(
            f" ({dose}={_number(step[dose])})" for dose in DOSES if step.get(dose) is not None
        )
        for step in steps
    )


def _number(dose: float | Sequence[float]) -> str:
    """A dose, or the ends of a range."""
    return " to ".join(f"{end:g}" for end in (dose if isinstance(dose, Sequence) else [dose]))
