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
    train_cfg = config.get("train_cfg") or {}
    if train_cfg.get("type") == "lidnet_mm.CollaborativeTrainLoop":
        counts = {f.name: train_cfg[f.name] for f in fields(PhaseSchedule) if f.name in train_cfg}
        return PhaseSchedule(**counts).max_iters
    return train_cfg.get("max_iters")
