"""How many iterations a training takes."""

from dataclasses import fields

from mmengine.config import Config

from lidnet_mm.engine.phase_schedule import PhaseSchedule


def iterations_of(config: Config) -> int | None:
    """Iterations of a training, its pre-training included.

    Args:
        config (Config): Its config.

    Returns:
        int | None: None where the config counts epochs, or trains nothing.
    """
    schedule = _schedule_of(config)
    if schedule is not None:
        return schedule.max_iters
    return (config.get("train_cfg") or {}).get("max_iters")


def denoiser_steps(config: Config) -> int | None:
    """Iterations of a training that are the denoiser's, its critic's included.

    Args:
        config (Config): Its config.

    Returns:
        int | None: None where the config counts epochs, or trains nothing.
    """
    schedule = _schedule_of(config)
    if schedule is None:
        return iterations_of(config)
    return (
        schedule.max_iters
        - schedule.pretrain_iters
        - (0 if schedule.joint else schedule.rounds * schedule.detector_iters)
    )


def _schedule_of(config: Config) -> PhaseSchedule | None:
    """Phases of a LIDnet; None for any other training."""
    train_cfg = config.get("train_cfg") or {}
    if train_cfg.get("type") != "lidnet_mm.CollaborativeTrainLoop":
        return None
    counts = {f.name: train_cfg[f.name] for f in fields(PhaseSchedule) if f.name in train_cfg}
    return PhaseSchedule(**counts)
