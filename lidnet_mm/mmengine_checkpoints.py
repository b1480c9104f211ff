"""Lets MMEngine read checkpoints as :mod:`lidnet_mm.weights_file` does, and in no other way.

MMEngine reads by a list of names that holds ``getattr``, and where that fails it unpickles whatever
there is. Its ``CheckpointLoader`` is what ``load_from``, ``resume``, an ``init_cfg`` of type
``Pretrained`` and MMDetection's own backbones read with. Importing this module replaces all its
readers.
"""

import io
from collections import OrderedDict
from pathlib import Path
from typing import Any

from mmengine.fileio import get_file_backend
from mmengine.runner import (
    CheckpointLoader,
    get_deprecated_model_names,
    get_external_models,
    get_mmcls_models,
    get_torchvision_models,
)
from mmengine.runner.checkpoint import _get_mmengine_home

from lidnet_mm.downloaded_weights import is_address
from lidnet_mm.weights_file import read_weights, read_weights_file

BACKBONE = "backbone."
"""What stands before the names of a classifier's weights that a detector takes."""


@CheckpointLoader.register_scheme(prefixes="", force=True)
def load_from_local(filename: str, map_location: Any = None) -> Any:
    """Read a file; arguments and errors of :func:`read_weights_file`."""
    return read_weights_file(filename, map_location)


@CheckpointLoader.register_scheme(prefixes=("http://", "https://"), force=True)
def load_from_http(filename: str, map_location: Any = None) -> Any:
    """Read what an address has; arguments and errors of :func:`read_weights_file`."""
    return read_weights_file(filename, map_location)


@CheckpointLoader.register_scheme(prefixes=("modelzoo://", "torchvision://"), force=True)
def load_from_torchvision(filename: str, map_location: Any = None) -> Any:
    """Read weights by torchvision's name of them."""
    return _named(filename, get_torchvision_models(), map_location)


@CheckpointLoader.register_scheme(prefixes=("open-mmlab://", "openmmlab://"), force=True)
def load_from_openmmlab(filename: str, map_location: Any = None) -> Any:
    """Read weights by OpenMMLab's name of them."""
    scheme, _, name = filename.partition("://")
    name = get_deprecated_model_names().get(name, name)
    return _named(f"{scheme}://{name}", get_external_models(), map_location)


@CheckpointLoader.register_scheme(prefixes="mmcls://", force=True)
def load_from_mmcls(filename: str, map_location: Any = None) -> dict:
    """Read the backbone of a classifier by OpenMMLab's name of it."""
    loaded = _named(filename, get_mmcls_models(), map_location)
    state = loaded.get("state_dict", loaded)
    own = {name.removeprefix(BACKBONE): v for name, v in state.items() if name.startswith(BACKBONE)}
    return {"state_dict": OrderedDict(own)}


@CheckpointLoader.register_scheme(prefixes=[r"(\S+\:)?s3://", r"(\S+\:)?petrel://"], force=True)
def load_from_ceph(filename: str, map_location: Any = None) -> Any:
    """Read a file of an object storage."""
    backend = get_file_backend(filename, backend_args={"backend": "petrel"})
    return read_weights(io.BytesIO(backend.get(filename)), filename, map_location)


@CheckpointLoader.register_scheme(prefixes="pavi://", force=True)
def load_from_pavi(filename: str, map_location: Any = None) -> None:
    """Refuse.

    Raises:
        ValueError: Always.
    """
    raise ValueError(f"{filename} is not read: download the file and give its path")


def _named(filename: str, sources: dict[str, str], map_location: Any) -> Any:
    """Read weights that a table names."""
    name = filename.partition("://")[2]
    if name not in sources:
        raise ValueError(
            f"{filename}: there are no weights of that name; give a file or an address"
        )
    source = sources[name]
    if not is_address(source):
        source = Path(_get_mmengine_home()) / source
    return read_weights_file(source, map_location)
