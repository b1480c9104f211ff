"""Scoring of a denoiser by a frozen judge (section 4.1)."""

import copy
import logging
from dataclasses import dataclass
from pathlib import Path

from mmengine.config import Config, ConfigDict
from mmengine.logging import print_log
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner
from torch import nn

from lidnet_mm.apis.checkpoint_file import denoiser_weights, read_checkpoint
from lidnet_mm.apis.load_config import judge_path, load_config
from lidnet_mm.benchmark.scores.checkpoint_identity import check_identity
from lidnet_mm.benchmark.scores.results import ResultRow, metrics_from_evaluator
from lidnet_mm.benchmark.scores.run_environment import current_commit
from lidnet_mm.benchmark.scores.trained_as import (
    LIDNET,
    check_method,
    denoiser_of,
    detector_name,
    method_of,
    short,
)
from lidnet_mm.engine.newest_checkpoint import noted_checkpoint

SCORED = ("denoised", "ldct", "ndct")
"""What the judge may look at: the denoiser's output, or the images as they are."""

FOR_TRAINING = ("losses", "critic", "loss_adversarial", "activation_checkpointing", "compile")
"""What a denoiser is trained with and scored without."""


@dataclass(frozen=True)
class Judge:
    """A frozen detector.

    Attributes:
        name (str): Stem of its config.
        config (Config): Its config, a plain mmdet detector.
        checkpoint (str): Its weights.
    """

    name: str
    config: Config
    checkpoint: str

    @classmethod
    def of(cls, config: Config, checkpoint: str | None = None) -> "Judge":
        """The judge that a config names.

        Args:
            config (Config): Config of a denoiser or a LIDnet, with ``judge``.
            checkpoint (str, optional): The judge's weights. Defaults to the last checkpoint in
                ``work_dirs/<judge>``.

        Returns:
            Judge: The judge.

        Raises:
            FileNotFoundError: If there is no such checkpoint; the message says how to train one.
        """
        path = judge_path(config)
        own, name = load_config(path), path.stem
        checkpoint = checkpoint or noted_checkpoint(Path("work_dirs") / name)
        if checkpoint is None or not Path(checkpoint).is_file():
            raise FileNotFoundError(
                f"no checkpoint of the judge {name} ({checkpoint or f'work_dirs/{name}'}): train "
                f"it with 'mim train lidnet_mm {path}' or give --judge-checkpoint"
            )
        return cls(name, own, str(checkpoint))


def scoring_config(config: Config, judge: Judge, scored: str = "denoised") -> Config:
    """Config of the test run: the denoiser in front of the judge.

    Args:
        config (Config): The config that trained the denoiser.
        judge (Judge): The judge.
        scored (str): One of :data:`SCORED`. Defaults to ``'denoised'``.

    Returns:
        Config: A copy whose model is the denoiser (or none) in front of the judge, and which
            loads no weights by itself.

    Raises:
        ValueError: If ``scored`` is unknown.
    """
    if scored not in SCORED:
        raise ValueError(f"scored must be one of {SCORED}, got {scored!r}")
    config = copy.deepcopy(config)
    # Runner.test() would load these over the weights of load_scored_weights.
    config.load_from, config.resume = None, False
    denoiser = denoiser_of(config)
    for name in FOR_TRAINING:  # a perceptual loss would ask for weights of its own
        denoiser.pop(name, None)
    if scored != "denoised":
        denoiser.generator = ConfigDict(type="lidnet_mm.Identity")
    config.model = ConfigDict(
        type=LIDNET,
        denoiser=denoiser,
        detector=copy.deepcopy(judge.config.model),
        # A LIDnet may have a window of its own; a DenoisingModel brings the one it has.
        data_preprocessor=_window_of(config),
        roi_perceptual_loss={"type": "lidnet_mm.ROIPerceptualLoss", "loss_weight": 0.0},
    )
    if scored == "ndct":
        for transform in config.test_dataloader.dataset.pipeline:
            if transform.type == "lidnet_mm.PackLIDInputs":
                transform.source = "ndct"
    return config


def load_scored_weights(
    model: nn.Module, judge: Judge, checkpoint: str | None, scored: str = "denoised"
) -> None:
    """Put the judge's weights, and the denoiser's where there is one, into the model.

    Args:
        model (nn.Module): Model of :func:`scoring_config`.
        judge (Judge): The judge.
        checkpoint (str, optional): Checkpoint of a LIDnet or of a ``DenoisingModel`` alone.
        scored (str): As in :func:`scoring_config`.

    Raises:
        ValueError: If a checkpoint is not of this denoiser or judge, or there is none for a
            denoiser that has parameters.
    """
    _load(model.detector, read_checkpoint(judge.checkpoint)[0], judge.checkpoint)
    model.detector.requires_grad_(False)
    if scored != "denoised":
        unused = f"; {checkpoint} is not used" if checkpoint else ""
        print_log(f"Scoring {scored.upper()} as it is{unused}", "current")
        return
    if not any(True for _ in model.denoiser.parameters()):
        print_log("The denoiser has no parameters to load", "current")
        return
    if checkpoint is None:
        raise ValueError("no checkpoint of the denoiser was given, only of the judge")
    weights = denoiser_weights(checkpoint)
    own = {k: v for k, v in weights.items() if not k.startswith("critic.")}
    _load(model.denoiser, own, checkpoint)


def load_detector_weights(model: nn.Module, checkpoint: str) -> None:
    """Put the weights of a checkpoint into a plain detector that is tested.

    Args:
        model (nn.Module): The detector, wrapped or not.
        checkpoint (str): Its checkpoint.

    Raises:
        UnsafeCheckpointError: If the checkpoint holds more than weights and plain values.
        ValueError: If it is not of this detector.
    """
    own = model.module if is_model_wrapper(model) else model
    _load(own, read_checkpoint(checkpoint)[0], checkpoint)


def result_row(
    config: Config,
    judge: Judge,
    scores: dict,
    scored: str,
    method: str | None,
    seed: int,
    denoiser: str | None = None,
) -> ResultRow:
    """Row of ``results.json`` from the scores of a test run.

    Args:
        config (Config): The config that trained the denoiser.
        judge (Judge): The judge.
        scores (dict): What ``Runner.test`` returned.
        scored (str): As in :func:`scoring_config`.
        method (str, optional): Overrides what the config's model says.
        seed (int): Seed of the training.
        denoiser (str, optional): Overrides the generator's type, such as ``CPCE (L1)``; images as
            they are have none.

    Returns:
        ResultRow: The row.
    """
    untouched = scored != "denoised"
    generator, detector = row_names(config)
    return ResultRow(
        dataset=config.get("dataset_name", "unnamed"),
        denoiser="none" if untouched else denoiser or generator,
        method=scored if untouched else method or method_of(config),
        detector="none" if untouched else detector,
        judge=judge.name,
        seed=seed,
        metrics=metrics_from_evaluator(scores),
        window_hu=(scores["image/window_low"], scores["image/window_high"]),
        commit=current_commit(),
    )


def row_names(config: Config) -> tuple[str, str]:
    """Names of generator and guiding detector, as they stand in a row.

    Args:
        config (Config): The config that trained the denoiser.

    Returns:
        tuple[str, str]: Such as ``('CPCE', 'FasterRCNN-ResNet18')``; the detector is ``none`` where
            there is none.
    """
    generator = short(denoiser_of(config).generator.type)
    return generator, detector_name(config.model.get("detector"))


def score(
    config: Config,
    judge: Judge,
    checkpoint: str | None,
    scored: str = "denoised",
    method: str | None = None,
    seed: int | None = None,
    denoiser: str | None = None,
) -> tuple[ResultRow, dict]:
    """Test a denoiser in front of the judge.

    Args:
        config (Config): The config that trained the denoiser, with ``work_dir``.
        judge (Judge): The judge.
        checkpoint (str, optional): Checkpoint of the denoiser.
        scored (str): One of :data:`SCORED`. Defaults to ``'denoised'``.
        method (str, optional): Name of the row. Defaults to what the model says.
        seed (int, optional): Seed of the training, for the row. Defaults to what the checkpoint
            says, else to 0.
        denoiser (str, optional): Name of the denoiser, for the row. Defaults to its type.

    Returns:
        tuple[ResultRow, dict]: The row, and all values of the evaluators.

    Raises:
        OtherTrainingError: If a checkpoint was trained as something else.
        ValueError: If the config trains something else than ``method``.
    """
    check_identity(judge.config, judge.checkpoint)
    if scored == "denoised":
        check_method(method, config)
        if checkpoint is not None:
            seed = check_identity(config, checkpoint, seed)
    runner = Runner.from_cfg(scoring_config(config, judge, scored))
    model = runner.model.module if is_model_wrapper(runner.model) else runner.model
    load_scored_weights(model, judge, checkpoint, scored)
    scores = runner.test()
    return result_row(config, judge, scores, scored, method, seed or 0, denoiser), scores


def _window_of(config: Config) -> ConfigDict | None:
    """Config of a LIDnet's own preprocessor; None where that of the denoiser counts."""
    return config.model.get("data_preprocessor") if config.model.type == LIDNET else None


def _load(module: nn.Module, state: dict, checkpoint: str) -> None:
    """Load weights strictly."""
    try:
        module.load_state_dict(state)
    except (RuntimeError, ValueError) as error:
        raise ValueError(
            f"{checkpoint} does not hold the weights of this {type(module).__name__}; give the "
            f"config that trained it ({error})"
        ) from error
    print_log(f"Weights of {type(module).__name__}: {checkpoint}", "current", logging.INFO)
