"""One optimizer for each part of the model."""

from mmengine.model import is_model_wrapper
from mmengine.optim import OptimWrapperDict, build_optim_wrapper
from torch import nn

from lidnet_mm.registry import OPTIM_WRAPPER_CONSTRUCTORS


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class PartsOptimWrapperConstructor:
    """Builds an ``OptimWrapperDict``, one entry for each named part of the model.

    Each entry is a complete optim wrapper config of MMEngine and may carry its own
    ``constructor``, ``paramwise_cfg``, ``clip_grad`` or ``accumulative_counts``.

    Args:
        optim_wrapper_cfg (dict): Part name to optim wrapper config.
        paramwise_cfg (dict, optional): Must be None: give it inside a part.

    Raises:
        ValueError: If ``paramwise_cfg`` is given at the top, or an entry is no config.

    Example:
        >>> optim_wrapper = dict(
        ...     constructor='lidnet_mm.PartsOptimWrapperConstructor',
        ...     denoiser=dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-4)),
        ...     detector=dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=5e-3)))
    """

    def __init__(self, optim_wrapper_cfg: dict, paramwise_cfg: dict | None = None) -> None:
        if paramwise_cfg is not None:
            raise ValueError("give paramwise_cfg inside a part (denoiser=dict(paramwise_cfg=...))")
        self.parts = {k: v for k, v in optim_wrapper_cfg.items() if k != "type"}
        for name, config in self.parts.items():
            if not isinstance(config, dict) or "optimizer" not in config:
                raise ValueError(f"optim_wrapper.{name}: expected dict(optimizer=dict(...))")

    def __call__(self, model: nn.Module) -> OptimWrapperDict:
        """Build the wrappers.

        Args:
            model (nn.Module): An ``AlternatingModel``, or any model whose children are the parts;
                wrapped or not.

        Returns:
            OptimWrapperDict: One optim wrapper a part.

        Raises:
            ValueError: If a part does not exist or has no parameters, or a trainable parameter
                belongs to none.
        """
        model = model.module if is_model_wrapper(model) else model
        children = getattr(model, "parts", None) or dict(model.named_children())
        missing = set(self.parts) - set(children)
        if missing:
            raise ValueError(
                f"{type(model).__name__} has no part {sorted(missing)}; it has {sorted(children)}"
            )
        if empty := [name for name in self.parts if not list(children[name].parameters())]:
            raise ValueError(
                f"the {empty[0]} has no parameters to train: leave it out of optim_wrapper and "
                "param_scheduler"
            )
        owned = {id(p) for name in self.parts for p in children[name].parameters()}
        orphans = [n for n, p in model.named_parameters() if p.requires_grad and id(p) not in owned]
        if orphans:
            raise ValueError(f"no optimizer for {orphans[:3]}; parts: {sorted(self.parts)}")
        return OptimWrapperDict(
            **{name: build_optim_wrapper(children[name], cfg) for name, cfg in self.parts.items()}
        )
