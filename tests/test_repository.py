"""Rules that hold for the repository as a whole."""

import ast
import re
import statistics
import subprocess
import sys
import sysconfig
from collections import Counter
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "lidnet_mm"
SOURCES = sorted(PACKAGE.rglob("*.py"))
LARGEST_FILE = 1024 * 1024  # bytes
LARGEST_WEIGHTS = 16 * LARGEST_FILE
LONGEST_FILE = 300  # lines
MEDIAN_FILE = (40, 150)  # lines
# Each entry is a room, with all below it that is no room of its own. A module may import from the
# rooms of its own layer and of those before it, and no rooms import each other in a circle.
LAYERS = (
    # The ground floor, and each module directly in the package.
    ("lidnet_mm.registry", "lidnet_mm.coco_json", "lidnet_mm.zoo"),
    (
        "lidnet_mm.simulation",
        "lidnet_mm.models.denoisers",
        "lidnet_mm.models.losses",
        "lidnet_mm.evaluation",
    ),
    ("lidnet_mm.datasets",),
    ("lidnet_mm.models",),
    ("lidnet_mm.visualization",),
    ("lidnet_mm.engine",),
    ("lidnet_mm.inference",),
    ("lidnet_mm.apis",),
    (
        "lidnet_mm.benchmark.note_file",
        "lidnet_mm.benchmark.public_text",
        "lidnet_mm.benchmark.scores",
    ),
    ("lidnet_mm.benchmark.cases", "lidnet_mm.benchmark.evidence", "lidnet_mm.benchmark.matrix"),
    ("lidnet_mm.benchmark.figures", "lidnet_mm.benchmark.jobs", "lidnet_mm.benchmark.tables"),
    ("lidnet_mm.benchmark",),
)
# Imports every module of the lowest layer while what they must not need cannot be imported.
IMPORT_LOWEST_LAYER = """
import importlib, pkgutil, sys

FORBIDDEN = (
    "mmdet", "mmcv", "lidnet_mm.datasets", "lidnet_mm.engine", "lidnet_mm.benchmark",
    "lidnet_mm.apis", "lidnet_mm.visualization",
)

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if any(name == entry or name.startswith(entry + ".") for entry in FORBIDDEN):
            raise ImportError(f"{name} must not be needed here")

sys.meta_path.insert(0, Refuse())
for name in sys.argv[1:]:
    package = importlib.import_module(name)
    for module in pkgutil.walk_packages(package.__path__, name + "."):
        importlib.import_module(module.name)
"""


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room(module: str) -> str:
    """The longest prefix in LAYERS; modules of the ground floor are rooms of their own."""
    prefixes = [
        prefix
        for prefixes in LAYERS
        for prefix in prefixes
        if module == prefix or module.startswith(prefix + ".")
    ]
    return max(prefixes, key=len, default=module)


def layer(module: str) -> int:
    """Index of the layer of a module's room."""
    own = room(module)
    return next((rank for rank, prefixes in enumerate(LAYERS) if own in prefixes), 0)


def circle(graph: dict[str, set[str]]) -> list[str]:
    """Nodes of a circle, the first of them again at its end; none where there is no circle."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return error.args[1]
    return []


def imported_modules(path: Path) -> list[str]:
    """Absolute names of the project's modules that a file imports, wherever in the file."""
    module = module_name(path)
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    names = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            parts = package.split(".")
            home = parts[: len(parts) - node.level + 1] if node.level else []
            base = ".".join([*home, *([node.module] if node.module else [])])
            names += [f"{base}.{alias.name}" for alias in node.names]
    return [name for name in names if name.split(".")[0] == "lidnet_mm"]


def public_definitions(tree: ast.Module) -> list[tuple[str, ast.AST]]:
    """Public classes and functions of a module and the public methods of its public classes."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    found = []
    for node in tree.body:
        if not isinstance(node, kinds) or node.name.startswith("_"):
            continue
        found.append((node.name, node))
        if isinstance(node, ast.ClassDef):
            methods = [item for item in node.body if isinstance(item, kinds)]
            found += [
                (f"{node.name}.{item.name}", item)
                for item in methods
                if not item.name.startswith("_") or item.name == "__init__"
            ]
    return found


def is_annotated(function: ast.FunctionDef, is_method: bool) -> bool:
    arguments = function.args
    positional = [*arguments.posonlyargs, *arguments.args]
    decorators = {node.id for node in function.decorator_list if isinstance(node, ast.Name)}
    named = positional[1 if is_method and "staticmethod" not in decorators else 0 :]
    variadic = [item for item in (arguments.vararg, arguments.kwarg) if item is not None]
    everything = [*named, *arguments.kwonlyargs, *variadic]
    return function.returns is not None and all(item.annotation for item in everything)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: module_name(path))
def test_public_names_are_documented_and_annotated(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    undocumented = [] if ast.get_docstring(tree) else ["the module"]
    unannotated = []
    for name, node in public_definitions(tree):
        if not ast.get_docstring(node) and not name.endswith(".__init__"):
            undocumented.append(name)
        if not isinstance(node, ast.ClassDef) and not is_annotated(node, is_method="." in name):
            unannotated.append(name)
    assert not undocumented
    assert not unannotated


def test_imports_go_down_the_layers_and_never_in_a_circle():
    paths = {module_name(path): path for path in SOURCES}

    def module_of(name: str) -> str:
        return name if name in paths else module_of(name.rpartition(".")[0])

    modules = {
        name: {module_of(each) for each in imported_modules(path)} - {name}
        for name, path in paths.items()
    }
    rooms: dict[str, set[str]] = {}
    for name, needed in modules.items():
        own = room(name)
        rooms.setdefault(own, set()).update(room(each) for each in needed if room(each) != own)
    upward = [
        f"{name} imports {each}"
        for name, needed in modules.items()
        for each in sorted(needed)
        if layer(each) > layer(name)
    ]
    circles = {"modules": circle(modules), "rooms": circle(rooms)}
    sys.stdout.write(
        f"\n{len(modules)} modules in {len(rooms)} rooms on {len(LAYERS)} layers\n"
        f"imports between modules: {sum(map(len, modules.values()))}, upward: {len(upward)}\n"
        f"imports between rooms: {sum(map(len, rooms.values()))}, circles: {circles}\n"
    )
    assert len(modules) > 100 and rooms["lidnet_mm.engine"]  # the walk found them
    assert not upward
    assert circles == {"modules": [], "rooms": []}


def test_files_are_short():
    too_long, medians = [], {}
    for folder in ("lidnet_mm", "tools", "benchmarks"):
        paths = (ROOT / folder).rglob("*.py")
        lines = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in paths}
        medians[folder] = statistics.median(lines.values())
        longest = max(lines, key=lines.get)
        sys.stdout.write(
            f"\n{folder}: {len(lines)} files, {sum(lines.values())} lines, median "
            f"{medians[folder]:g}, longest {lines[longest]} ({longest.name})\n"
        )
        too_long += [str(path) for path, count in lines.items() if count > LONGEST_FILE]
    assert not too_long
    assert MEDIAN_FILE[0] <= medians["lidnet_mm"] <= MEDIAN_FILE[1]


def test_page_on_the_architecture_shows_these_layers_and_leads_to_files():
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    shown = page.split("## Which folder may import which")[1].split("```")[1]
    lines = [line.split("#")[0].strip("← ") for line in shown.splitlines()[1:]]
    layers = [", ".join(prefixes).replace("lidnet_mm.", "") for prefixes in LAYERS]
    assert lines == [layer.replace(".", "/") for layer in layers]
    targets = re.findall(r"\]\(([^)#]+)[^)]*\)", page)
    assert len(targets) > 40
    assert [each for each in targets if not (ROOT / "docs" / each).is_file()] == []
    rooms = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert {each for each in rooms if f"`{each}/`" not in page} == set()
    assert len(page.splitlines()) <= 150


@pytest.mark.parametrize("package", LAYERS[1])
def test_lowest_layer_needs_neither_mmdet_nor_mmcv(package):
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_LOWEST_LAYER, package],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_no_file_is_large():
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout: its own files cannot be told from others")
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    files = [ROOT / name for name in listed.stdout.split("\0") if name]
    assert files
    large = [
        str(path)
        for path in files
        if path.is_file()
        and path.stat().st_size
        > (LARGEST_WEIGHTS if path.suffix == ".safetensors" else LARGEST_FILE)
    ]
    assert not large


def test_config_names_are_unique():
    """mim finds a config by its name alone, in an editable install among all Python files."""
    configs = list((ROOT / "configs").rglob("*.py"))
    assert configs
    counts = Counter(path.name for path in configs)
    assert [name for name, count in counts.items() if count > 1] == []
    own = [*SOURCES, *(ROOT / "tools").rglob("*.py"), *(ROOT / "tests").rglob("*.py")]
    assert {path.name for path in configs} & {path.name for path in own} == set()
    installed = Path(sysconfig.get_path("purelib")).rglob("*.py")
    # The files under _base_ are named by their path, never on a command line.
    named = {path.name for path in configs if "_base_" not in path.parts}
    assert named & {path.name for path in installed} == set()
