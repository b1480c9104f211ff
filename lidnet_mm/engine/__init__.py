"""Collaborative training: schedule, loop, optimizers, learning rates, hooks and log lines.

The registry imports two modules only when a config names their type: ``coco_metric``, which needs
MMDetection, and ``denoised_slice_hook``, which draws.
"""

from lidnet_mm import mmengine_checkpoints
from lidnet_mm.engine.accumulated_gradients_hook import AccumulatedGradientsHook
from lidnet_mm.engine.adversarial_train_loop import AdversarialTrainLoop
from lidnet_mm.engine.atomic_file_backend import AtomicFileBackend, CheckpointWriteError
from lidnet_mm.engine.case_recorder_hook import CaseRecorderHook
from lidnet_mm.engine.collaborative_train_loop import CollaborativeTrainLoop
from lidnet_mm.engine.generator_ema_hook import GeneratorEMAHook
from lidnet_mm.engine.graceful_stop_hook import GracefulStopHook
from lidnet_mm.engine.iteration_seed_hook import IterationSeedHook
from lidnet_mm.engine.loader_watch_hook import LoaderWatchHook
from lidnet_mm.engine.mixed_precision_optim_wrapper import MixedPrecisionOptimWrapper
from lidnet_mm.engine.non_finite_loss_hook import NonFiniteLossError, NonFiniteLossHook
from lidnet_mm.engine.nothing_found_hook import NothingFoundHook
from lidnet_mm.engine.own_checkpoints_hook import OwnCheckpointsHook
from lidnet_mm.engine.parts_optim_wrapper_constructor import PartsOptimWrapperConstructor
from lidnet_mm.engine.phase_log_processor import PhaseLogProcessor
from lidnet_mm.engine.phase_param_scheduler_hook import PhaseParamSchedulerHook
from lidnet_mm.engine.phase_schedule import PhasePosition, PhaseSchedule
from lidnet_mm.engine.phased_train_loop import PhasedTrainLoop
from lidnet_mm.engine.progress_hook import ProgressHook
from lidnet_mm.engine.region_recorder_hook import RegionRecorderHook
from lidnet_mm.engine.same_buffers_hook import SameBuffersHook
from lidnet_mm.engine.shared_pretraining_hook import SharedPretrainingHook

__all__ = [
    "AccumulatedGradientsHook",
    "AdversarialTrainLoop",
    "AtomicFileBackend",
    "CaseRecorderHook",
    "CheckpointWriteError",
    "CollaborativeTrainLoop",
    "GeneratorEMAHook",
    "GracefulStopHook",
    "IterationSeedHook",
    "LoaderWatchHook",
    "MixedPrecisionOptimWrapper",
    "NonFiniteLossError",
    "NonFiniteLossHook",
    "NothingFoundHook",
    "OwnCheckpointsHook",
    "PartsOptimWrapperConstructor",
    "PhaseLogProcessor",
    "PhaseParamSchedulerHook",
    "PhasePosition",
    "PhaseSchedule",
    "PhasedTrainLoop",
    "ProgressHook",
    "RegionRecorderHook",
    "SameBuffersHook",
    "SharedPretrainingHook",
    "mmengine_checkpoints",
]
