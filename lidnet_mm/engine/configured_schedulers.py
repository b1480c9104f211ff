"""Schedulers of a resumed training with the settings that its config has now."""

import copy
import logging
import warnings

from mmengine.logging import print_log
from mmengine.optim import _ParamScheduler
from mmengine.optim.scheduler.param_scheduler import ReduceOnPlateauParamScheduler

PROGRESS = ("last_step", "_global_step", "_last_value", "base_values")
"""What of a scheduler's state is how far it has come; the rest are settings."""

Schedulers = list | dict[str, list] | None


class ConfiguredSchedulers:
    """What the config says about the schedulers, from before a checkpoint's states are loaded.

    MMEngine restores a scheduler's settings with its progress: a training that is resumed with
    more rounds would keep the ``end``, ``T_max`` and milestones of the shorter one, and a rate
    that has come to its end. :meth:`reapply` gives the rates that the config's schedulers have
    after as many steps, from the initial rates of the checkpoint. Schedulers that the config
    describes as the checkpoint does are not touched.

    Args:
        schedulers (list | dict | None): The runner's schedulers as they were built.
    """

    def __init__(self, schedulers: Schedulers) -> None:
        self._states = {
            part: [copy.deepcopy(entry.state_dict()) for entry in entries]
            for part, entries in _by_part(schedulers).items()
        }

    def reapply(self, schedulers: Schedulers, stored: Schedulers) -> None:
        """Give resumed schedulers the config's settings where those changed.

        A ``ReduceOnPlateau``, whose measurements are not known any more, and schedulers of which
        some count epochs and others iterations keep the checkpoint's settings, with a warning.

        Args:
            schedulers (list | dict | None): The runner's schedulers after the resume.
            stored (list | dict | None): Their states in the checkpoint.
        """
        before = _by_part(stored)
        for part, entries in _by_part(schedulers).items():
            states = before.get(part, [])
            of_part = f" of the {part}" if part else ""
            if list(map(_settings, self._states[part])) == list(map(_settings, states)):
                continue
            steps = {state["_global_step"] for state in states}
            plateau = any(isinstance(entry, ReduceOnPlateauParamScheduler) for entry in entries)
            if len(steps) != 1 or plateau:
                message = (
                    f"The schedulers{of_part} are not those of the checkpoint, and their steps up "
                    "to it cannot be repeated: they go on from what the checkpoint has of them"
                )
                print_log(message, "current", logging.WARNING)
                continue
            (done,) = steps
            self._replay(part, entries, done)
            rates = sorted(set(entries[-1].get_last_value()))
            message = (
                f"The schedulers{of_part} are those of the config, not of the checkpoint: after "
                f"{done} steps {entries[-1].param_name} = {', '.join(f'{r:.4g}' for r in rates)}"
            )
            print_log(message, "current")

    def _replay(self, part: str, schedulers: list[_ParamScheduler], steps: int) -> None:
        """Take the steps that were done again, from the first, by the config's settings."""
        for scheduler, state in zip(schedulers, self._states[part], strict=True):
            optimizer = scheduler.optimizer
            scheduler.__dict__.clear()  # of a scheduler of another type, too
            scheduler.__dict__.update(copy.deepcopy(state), optimizer=optimizer)
            scheduler.last_step = scheduler._global_step = -1
            scheduler.base_values = [
                group[f"initial_{scheduler.param_name}"] for group in optimizer.param_groups
            ]
            for group, value in zip(optimizer.param_groups, scheduler.base_values, strict=True):
                group[scheduler.param_name] = value
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # the optimizer takes no steps here
            for _ in range(steps + 1):  # the first is that of their construction
                for scheduler in schedulers:
                    scheduler.step()


def are_built(schedulers: Schedulers) -> bool:
    """Whether a runner's schedulers are objects yet, not configs.

    Args:
        schedulers (list | dict | None): ``runner.param_schedulers``.

    Returns:
        bool: False without schedulers, too.
    """
    lists = schedulers.values() if isinstance(schedulers, dict) else [schedulers]
    return all(
        isinstance(entries, list) and all(isinstance(entry, _ParamScheduler) for entry in entries)
        for entries in lists
    )


def _by_part(schedulers: Schedulers) -> dict[str, list]:
    """Schedulers, or their states, by the name of their optimizer; '' where there is but one."""
    if isinstance(schedulers, dict):
        return schedulers
    return {"": schedulers} if schedulers else {}


def _settings(state: dict) -> dict:
    """A scheduler's state without its progress."""
    return {key: value for key, value in state.items() if key not in PROGRESS}
