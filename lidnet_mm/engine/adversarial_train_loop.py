"""Training of a generator and its critic in turn, without a detector."""

from mmengine.runner import Runner
from torch.utils.data import DataLoader

from lidnet_mm.engine.phase_schedule import PhaseSchedule
from lidnet_mm.engine.phased_train_loop import PhasedTrainLoop, unwrapped
from lidnet_mm.models.denoising_model import DenoisingModel
from lidnet_mm.registry import LOOPS


@LOOPS.register_module()
class AdversarialTrainLoop(PhasedTrainLoop):
    """Training of an adversarial baseline: n critic steps, one generator step, and so on.

    Each step has a batch of its own and counts as an iteration, as in T2 of
    :class:`CollaborativeTrainLoop`, whose GAN form is so trained alike but for the detector.

    Args:
        runner (Runner): The runner; its model is a :class:`DenoisingModel` with a critic, its
            optim wrapper a dict with the parts ``denoiser`` and ``critic``.
        dataloader (DataLoader | dict): Training data.
        max_iters (int): Iterations of both, a multiple of ``critic_iters + 1``.
        critic_iters (int): n, critic steps before each generator step. Defaults to 4.
        val_interval (int, optional): Validate every so many iterations, besides the end.
            Defaults to None.
        val_begin (int): First iteration after which to validate. Defaults to 1.

    Raises:
        TypeError: If model or optimizers are not made for taking turns.
        ValueError: If model, schedule and schedulers do not fit, see :class:`PhasedTrainLoop`.
    """

    def __init__(
        self,
        runner: Runner,
        dataloader: DataLoader | dict,
        max_iters: int,
        critic_iters: int = 4,
        val_interval: int | None = None,
        val_begin: int = 1,
    ) -> None:
        model = unwrapped(runner.model)
        if not isinstance(model, DenoisingModel):
            raise TypeError(
                f"AdversarialTrainLoop trains a DenoisingModel, got {type(model).__name__}; a "
                "LIDDetector trains with CollaborativeTrainLoop"
            )
        schedule = PhaseSchedule(0, max_iters, 0, 1, critic_iters=critic_iters)
        super().__init__(runner, dataloader, schedule, val_interval, val_begin)
