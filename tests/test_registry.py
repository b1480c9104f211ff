"""Which rooms the registries open, and what a training therefore loads."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from lidnet_mm.registry import REGISTRIES

ROOT = Path(__file__).resolve().parents[1]
OTHER_ROOMS = {
    "model": {"models"},
    "task util": {"models"},
    "dataset": {"datasets"},
    "data sampler": {"datasets"},
    "transform": {"datasets"},
    # MMDetection's metric, wrapped: the lowest rooms do without MMDetection.
    "metric": {"evaluation", "engine"},
}
# What `mim train` imports before it builds a model, while what only reports need cannot be.
TRAINING = """
import json, runpy, sys

REFUSED = (
    "jinja2", "matplotlib", "mmdet", "lidnet_mm.benchmark", "lidnet_mm.inference",
    "lidnet_mm.visualization",
)

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if any(name == entry or name.startswith(entry + ".") for entry in REFUSED):
            raise ImportError(f"{name} is refused")

sys.meta_path.insert(0, Refuse())
runpy.run_path("tools/train.py")
from mmengine.config import Config
from mmengine.registry import HOOKS

config = Config.fromfile("configs/_base_/default_runtime.py")
types = [hook["type"] for hook in config.default_hooks.values()]
types += ["lidnet_mm.CaseRecorderHook", "lidnet_mm.RegionRecorderHook"]
found = {name: getattr(HOOKS.get(name), "__name__", None) for name in types}
try:
    HOOKS.get("lidnet_mm.DenoisedSliceHook")
except ImportError as error:
    found["refused"] = str(error)
print(json.dumps(found))
"""


@pytest.mark.parametrize("registry", REGISTRIES, ids=lambda registry: registry.name)
def test_registry_names_modules_of_its_own_room(registry):
    named = [*registry._locations, *registry.on_demand.values()]
    assert {name.split(".")[1] for name in named} == OTHER_ROOMS.get(registry.name, {"engine"})


def test_training_and_its_hooks_load_no_report():
    done = subprocess.run(
        [sys.executable, "-c", TRAINING], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    # The one hook that draws does load it: the refusal above would have been seen.
    assert "lidnet_mm.visualization is refused" in found.pop("refused")
    assert "CheckpointHook" in found and "lidnet_mm.OwnCheckpointsHook" in found
    assert found == {name: name.rpartition(".")[2] for name in found}
