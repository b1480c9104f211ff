"""Registries of scope ``lidnet_mm``, children of MMEngine's roots.

A config reaches them as ``type='lidnet_mm.CPCE'`` whatever its ``default_scope`` is, so the
configs of MMDetection nest unchanged. The modules named in ``locations`` are imported when the
first type of that registry is looked up. They are modules of the room that the registry serves
and never of one above it, so that a training loads no report. The modules of types that need
MMDetection, or that draw, are imported when that type is looked up (``on_demand``): a process that
needs only denoisers or their metrics never imports MMDetection, nor has to have it.
"""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from mmengine.registry import DATA_SAMPLERS as MMENGINE_DATA_SAMPLERS
from mmengine.registry import DATASETS as MMENGINE_DATASETS
from mmengine.registry import HOOKS as MMENGINE_HOOKS
from mmengine.registry import LOG_PROCESSORS as MMENGINE_LOG_PROCESSORS
from mmengine.registry import LOOPS as MMENGINE_LOOPS
from mmengine.registry import METRICS as MMENGINE_METRICS
from mmengine.registry import MODELS as MMENGINE_MODELS
from mmengine.registry import OPTIM_WRAPPER_CONSTRUCTORS as MMENGINE_OPTIM_WRAPPER_CONSTRUCTORS
from mmengine.registry import OPTIM_WRAPPERS as MMENGINE_OPTIM_WRAPPERS
from mmengine.registry import TASK_UTILS as MMENGINE_TASK_UTILS
from mmengine.registry import TRANSFORMS as MMENGINE_TRANSFORMS
from mmengine.registry import Registry as MMEngineRegistry

from lidnet_mm.build_errors import explained

SCOPE = "lidnet_mm"


class Registry(MMEngineRegistry):
    """MMEngine's registry, whose errors say which names and arguments there are.

    Args:
        *args (Any): As of MMEngine's.
        on_demand (Mapping[str, str]): Types that need more than the others of their room, such as
            MMDetection → the module of each, imported when the type is asked for. Defaults to
            none.
        **kwargs (Any): As of MMEngine's.
    """

    def __init__(
        self, *args: Any, on_demand: Mapping[str, str] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.on_demand = dict(on_demand or {})

    def get(self, key: str) -> type | None:
        """The type of a name.

        Args:
            key (str): The name, with or without scope.

        Returns:
            type | None: As of MMEngine's.

        Raises:
            MissingPackageError: If it needs MMDetection, which is not installed.
        """
        scope, name = self.split_scope_key(key)
        if scope in (None, self.scope) and name in self.on_demand:
            import_module(self.on_demand[name])
        return super().get(key)

    def build(self, cfg: dict, *args: Any, **kwargs: Any) -> Any:
        """Build an instance.

        Args:
            cfg (dict): Its config, with ``type``.
            *args (Any): As of MMEngine's.
            **kwargs (Any): As of MMEngine's.

        Returns:
            Any: The instance.

        Raises:
            UnknownTypeError: If its type, or that of a part of it, is not registered.
            WrongArgumentError: If one of them is given an argument that it does not take.
        """
        try:
            return super().build(cfg, *args, **kwargs)
        except (KeyError, RuntimeError, TypeError) as error:
            better = explained(error, REGISTRIES)
            if better is None:
                raise
            raise better from error


MODELS = Registry(
    "model",
    parent=MMENGINE_MODELS,
    scope=SCOPE,
    locations=[
        "lidnet_mm.models.denoisers",
        "lidnet_mm.models.losses",
        "lidnet_mm.models.data_preprocessor",
        "lidnet_mm.models.denoising_model",
        "lidnet_mm.models.lid_detector",
    ],
)
TASK_UTILS = Registry(
    "task util",
    parent=MMENGINE_TASK_UTILS,
    scope=SCOPE,
    locations=["lidnet_mm.models.regions"],
)
DATASETS = Registry(
    "dataset",
    parent=MMENGINE_DATASETS,
    scope=SCOPE,
    locations=["lidnet_mm.datasets"],
    on_demand={"CTLesionDataset": "lidnet_mm.datasets.ct_lesion_dataset"},
)
DATA_SAMPLERS = Registry(
    "data sampler",
    parent=MMENGINE_DATA_SAMPLERS,
    scope=SCOPE,
    locations=["lidnet_mm.datasets.seeded_infinite_sampler"],
)
TRANSFORMS = Registry(
    "transform",
    parent=MMENGINE_TRANSFORMS,
    scope=SCOPE,
    locations=["lidnet_mm.datasets.transforms"],
    on_demand={
        "PackLIDInputs": "lidnet_mm.datasets.transforms.pack_lid_inputs",
        "RandomLesionCrop": "lidnet_mm.datasets.transforms.random_lesion_crop",
    },
)
METRICS = Registry(
    "metric",
    parent=MMENGINE_METRICS,
    scope=SCOPE,
    locations=["lidnet_mm.evaluation"],
    on_demand={"CocoMetric": "lidnet_mm.engine.coco_metric"},
)
LOOPS = Registry("loop", parent=MMENGINE_LOOPS, scope=SCOPE, locations=["lidnet_mm.engine"])
HOOKS = Registry(
    "hook",
    parent=MMENGINE_HOOKS,
    scope=SCOPE,
    locations=["lidnet_mm.engine"],
    on_demand={"DenoisedSliceHook": "lidnet_mm.engine.denoised_slice_hook"},
)
LOG_PROCESSORS = Registry(
    "log_processor",
    parent=MMENGINE_LOG_PROCESSORS,
    scope=SCOPE,
    locations=["lidnet_mm.engine"],
)
OPTIM_WRAPPER_CONSTRUCTORS = Registry(
    "optim_wrapper_constructor",
    parent=MMENGINE_OPTIM_WRAPPER_CONSTRUCTORS,
    scope=SCOPE,
    locations=["lidnet_mm.engine"],
)
OPTIM_WRAPPERS = Registry(
    "optim_wrapper",
    parent=MMENGINE_OPTIM_WRAPPERS,
    scope=SCOPE,
    locations=["lidnet_mm.engine"],
)
REGISTRIES = (
    MODELS,
    TASK_UTILS,
    DATASETS,
    DATA_SAMPLERS,
    TRANSFORMS,
    METRICS,
    LOOPS,
    HOOKS,
    LOG_PROCESSORS,
    OPTIM_WRAPPER_CONSTRUCTORS,
    OPTIM_WRAPPERS,
)
"""All of this package."""
