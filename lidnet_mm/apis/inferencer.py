"""Denoising series with a trained model: from Python, and behind ``tools/denoise.py``."""

import dataclasses
import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import SimpleITK
from mmengine.logging import print_log

from lidnet_mm import __version__
from lidnet_mm.apis.computation import resolve_device, set_computation
from lidnet_mm.apis.trained_model import TrainedModel, load_denoiser, load_detector
from lidnet_mm.datasets.converters.source_case import LeftOut
from lidnet_mm.datasets.writers import Derivation
from lidnet_mm.inference.array_volume import ArrayVolume
from lidnet_mm.inference.denoised_series import DenoisedSeries
from lidnet_mm.inference.output_tree import require_apart
from lidnet_mm.inference.series_pipeline import SeriesPipeline
from lidnet_mm.inference.slice_denoiser import SliceDenoiser
from lidnet_mm.inference.source_tree import find_volumes
from lidnet_mm.inference.tree_run import TreeRun

DEFAULT_MODEL = "cpce_lidnet"

DEFAULT_SCORE = 0.3
"""Boxes below are dropped where neither the user nor a card says how many."""

Input = str | Path | np.ndarray | SimpleITK.Image


class LIDInferencer:
    """Denoises CT series, and finds lesions on them, with a trained model.

    Example:
        >>> inferencer = LIDInferencer('cpce_lidnet')
        >>> result = inferencer('ct.nii.gz')
        >>> result.volume.shape, [lesion.centre_mm for lesion in result.lesions]

    Args:
        model (str): Name of a bundled model, a card (``.yml``), or a config (``.py``). Defaults to
            the bundled LIDnet.
        checkpoint (str, optional): Weights of a config; never run as code.
        detector (str, optional): Name, card or config of a detector that finds lesions on the
            denoised slices. Defaults to the LIDnet's own, ``'none'`` finds none.
        detector_checkpoint (str, optional): Weights of the detector's config.
        device (str, optional): Such as ``'cuda'``. Defaults to CUDA where there is one.
        strength (float, optional): Part of the change that is made, 0 to 1: below 1 that part of
            the source is mixed back. Defaults to what the model's card says, else 1.
        precision (str): ``'fp32'``, ``'fp16'`` or ``'bf16'``.
        tile_size (int, optional): Side in pixels of the tiles in which slices too large for the
            memory are denoised. Defaults to whole slices.
        backend (str): ``'torch'`` or ``'onnxruntime'``, which runs an ONNX file anyway.
        score_threshold (float, optional): Boxes below are dropped, 0 to 1. Defaults to what the
            detector's card says, else 0.3.
        batch_size (int, optional): Slices at a time. Defaults to 1 on a CPU, else 8.
        strict (bool): Refuse a series that the model was not trained for instead of warning.

    Raises:
        FileNotFoundError: There is no such file.
        ImportError: The backend is not installed.
        MissingPackageError: A detector is to find lesions, and MMDetection is not installed.
        ValueError: There is no such model, its weights are of another, an option is wrong, or
            options do not go together.
    """

    def __init__(
        self,
        model: str = DEFAULT_MODEL,
        checkpoint: str | None = None,
        detector: str | None = None,
        detector_checkpoint: str | None = None,
        device: str | None = None,
        strength: float | None = None,
        precision: str = "fp32",
        tile_size: int | None = None,
        backend: str = "torch",
        score_threshold: float | None = None,
        batch_size: int | None = None,
        strict: bool = False,
    ) -> None:
        if batch_size is not None and batch_size < 1:
            raise ValueError(f"batch size is {batch_size}; give 1 or more slices at a time")
        if score_threshold is not None and not 0 <= score_threshold <= 1:
            raise ValueError(f"score is {score_threshold}; give a number from 0 to 1")
        trained = load_denoiser(model, checkpoint)
        if detector is None and detector_checkpoint is not None:
            raise ValueError("--detector-checkpoint needs --detector with its config")
        own = trained.detector or ("none", None)
        name, weights = own if detector is None else (detector, detector_checkpoint)
        found_by = None if name == "none" else load_detector(name, weights)
        chosen = resolve_device(device)
        set_computation(trained.model, chosen, backend, precision, tile_size)
        card = trained.card
        if strength is None:
            strength = card.default_strength if card else 1.0
        if score_threshold is None:
            known = found_by is not None and found_by.card is not None
            score_threshold = found_by.card.score_threshold if known else DEFAULT_SCORE
        settings = (
            ("config", trained.config_sha256),
            ("precision", precision),
            ("backend", backend),
            ("tiles", str(tile_size)),
        )
        derivation = Derivation(
            trained.name, __version__, trained.weights_sha256, strength, settings
        )
        self.pipeline = SeriesPipeline(
            SliceDenoiser(
                trained.model,
                found_by and found_by.model,
                strength,
                chosen,
                precision,
                score_threshold,
            ),
            derivation,
            found_by and _found_by(found_by, derivation, score_threshold),
            _class_names(found_by),
            card.trained_for if card else {},
            strict,
            batch_size or (1 if chosen.type == "cpu" else 8),
        )

    def __call__(
        self,
        inputs: Input | Sequence[Input],
        spacing: Sequence[float] | None = None,
        out_dir: str | Path | None = None,
        format: str | None = None,
        return_volumes: bool | None = None,
        overwrite: bool = False,
        report: bool = False,
        keep_names: bool = False,
    ) -> DenoisedSeries | list[DenoisedSeries]:
        """Denoise.

        Args:
            inputs (str | Path | np.ndarray | SimpleITK.Image | Sequence): A file or folder of CT
                (DICOM, NIfTI, MetaImage, NRRD, 16-bit PNG), an array (Z, Y, X) or (Y, X) in HU,
                a SimpleITK image in HU, or several of these.
            spacing (Sequence[float], optional): mm between slices, rows and columns of an array.
            out_dir (str | Path, optional): Folder to write to, as ``tools/denoise.py`` does.
            format (str, optional): Of the files, one of ``FORMATS``. Defaults to the source's.
            return_volumes (bool, optional): Give denoised volumes back. Defaults to where there is
                no ``out_dir``: what is written need not be in memory.
            overwrite (bool): Write over files that another run left in ``out_dir``.
            report (bool): Write an HTML page of each series to ``out_dir``, too.
            keep_names (bool): The page shows patient, study and path of the source.

        Returns:
            DenoisedSeries | list[DenoisedSeries]: What came out; a list for several inputs and
            for a folder with several series. Where a series is not what the model was trained for
            is in its ``warnings``, and logged.

        Raises:
            FileNotFoundError: There is no such file.
            ValueError: A series cannot be used; the message says which and why. Or a report is
                asked for without ``out_dir``.
        """
        if (report or keep_names) and out_dir is None:
            raise ValueError("a report is a file: give out_dir, too")
        keep = out_dir is None if return_volumes is None else return_volumes
        run = out_dir and TreeRun(
            self.pipeline,
            Path(out_dir),
            format=format,
            overwrite=overwrite,
            keep=keep,
            report=report,
            keep_names=keep_names,
        )
        several = isinstance(inputs, list | tuple)
        series = [
            each
            for one in (inputs if several else [inputs])
            for each in self._one(one, spacing, run)
        ]
        for number, each in enumerate(series):
            for warning in each.warnings:
                print_log(
                    f"series {number + 1} of {len(series)}: {warning}", "current", logging.WARNING
                )
        return series[0] if len(series) == 1 and not several else series

    def _one(
        self, source: Input, spacing: Sequence[float] | None, run: TreeRun | None
    ) -> list[DenoisedSeries]:
        """Denoise one input."""
        if isinstance(source, str | Path):
            if spacing is not None:
                raise ValueError("spacing is for arrays; files state theirs")
            return self._path(Path(source), run)
        if run is not None:
            raise ValueError("out_dir needs files as input; an array is given back")
        volume = (
            ArrayVolume.of_image(source)
            if isinstance(source, SimpleITK.Image)
            else ArrayVolume.with_spacing(source, spacing)
        )
        series = self.pipeline.in_memory(volume)
        return [dataclasses.replace(series, **volume.in_own_order(series.volume))]

    def _path(self, source: Path, run: TreeRun | None) -> list[DenoisedSeries]:
        """Denoise a file or a folder."""
        if run is not None:
            require_apart(source, run.out)
        volumes, left_out = find_volumes(source)
        for each in left_out:
            print_log(f"left out: {why_left_out(each)}", "current", logging.WARNING)
        if not volumes:
            raise ValueError(nothing_found(source, left_out))
        if run is None:
            return [self.pipeline.in_memory(found.open()) for found in volumes]
        series = []
        for outcome in run(volumes):
            if outcome.status == "failed":
                raise ValueError(f"{outcome.found.label}: {outcome.reason}")
            series.append(outcome.series)
        return series


def nothing_found(source: Path, left_out: Sequence[LeftOut]) -> str:
    """Say that there is nothing to denoise, and the first reason."""
    kinds = "CT series as DICOM, NIfTI, MetaImage or NRRD, or 16-bit PNG"
    if not left_out:
        return f"{source} holds no {kinds}"
    return (
        f"{source} holds no {kinds} that can be used: {why_left_out(left_out[0])}"
        f"{f' (and {len(left_out) - 1} more reasons)' if len(left_out) > 1 else ''}"
    )


def why_left_out(each: LeftOut) -> str:
    """Say in one line what was left out, and why."""
    said = f"{each.source}: {each.reason}" if each.source else each.reason
    if each.told:
        said = each.source
    return " ".join(said.split())


def _found_by(detector: TrainedModel, denoiser: Derivation, threshold: float) -> Derivation:
    """What finds lesions, as reports state it."""
    settings = (
        *denoiser.settings,
        ("config", detector.config_sha256),
        ("denoiser", denoiser.digest),
        ("score threshold", str(threshold)),
    )
    return Derivation(detector.name, __version__, detector.weights_sha256, settings=settings)


def _class_names(detector: TrainedModel | None) -> tuple[str, ...]:
    """Names of a detector's classes; of one without names, numbers."""
    if detector is None or detector.classes:
        return detector.classes if detector else ()
    parts = (getattr(detector.model, name, None) for name in ("bbox_head", "roi_head"))
    heads = (getattr(part, "bbox_head", part) for part in parts if part is not None)
    count = next((head.num_classes for head in heads if hasattr(head, "num_classes")), 1)
    return tuple(f"class {number}" for number in range(count))
