"""Config files that inherit a LIDnet and a detector of MMDetection side by side.

MMEngine refuses two bases that both say ``model``. Here one of them may be a ``LIDDetector`` and
the other a detector's config as it stands in MMDetection's own files: its model becomes
``model.detector``. Everything else keeps MMEngine's rules.
"""

from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from tempfile import TemporaryDirectory

from mmengine.config import Config

import lidnet_mm
from lidnet_mm.apis.inherited_detector import detector_text, is_lidnet, log_left_out
from lidnet_mm.missing_package import require

PACKAGE = "lidnet_mm"

SAVED = "resolved_"
"""How the names of copies begin that a training leaves in its work dir."""


@dataclass(frozen=True)
class Base:
    """One entry of ``_base_``.

    Attributes:
        name (str): What MMEngine knows it by: a complete path, or ``mmdet::atss/…``.
        path (Path): The file.
        scope (str, optional): The package in the name, None for a path.
    """

    name: str
    path: Path
    scope: str | None = None


def base_files(file: Path) -> list[Base]:
    """What a config file inherits from directly.

    Args:
        file (Path): Config file, with complete path.

    Returns:
        list[Base]: In the file's order. None for a config in MMEngine's pure Python style.

    Raises:
        FileNotFoundError: If it names a config ``lidnet_mm::…`` that this package lacks.
    """
    if Config._is_lazy_import(str(file)):
        return []
    with TemporaryDirectory() as folder:
        plain = Path(folder) / file.name
        Config._substitute_predefined_vars(str(file), str(plain))
        Config._substitute_env_variables(str(plain), str(plain))
        return [_base(name, file) for name in Config._get_base_files(str(plain))]


def local_files(file: Path) -> dict[Path, list[Path]]:
    """A config file and all that it inherits from, but for configs of other packages.

    Args:
        file (Path): Config file.

    Returns:
        dict[Path, list[Path]]: What each inherits from directly, the file itself first.
    """
    found: dict[Path, list[Path]] = {}
    waiting = [file.absolute()]
    while waiting:
        each = waiting.pop(0)
        if each not in found and each.is_file():
            found[each] = [base.path for base in base_files(each) if base.scope is None]
            waiting += found[each]
    return found


def name_of(config: Config) -> str:
    """Name of the file that a config was read from, for messages."""
    return Path(config.filename or "the config").name.removeprefix(SAVED)


def config_of(
    path: str | Path, copy_of: str | Path | None = None, import_custom_modules: bool = True
) -> Config:
    """``Config.fromfile``; an error of the Python code in the config names the file.

    Args:
        path (str | Path): Config file.
        copy_of (str | Path, optional): The file to name, where ``path`` is a copy of it.
        import_custom_modules (bool): Do the config's ``custom_imports``. Defaults to True.

    Returns:
        Config: The config.

    Raises:
        ValueError: If the code of the config, or of one that it inherits from, has an error.
        OSError: If one of them cannot be read.
    """
    try:
        return Config.fromfile(str(path), import_custom_modules=import_custom_modules)
    except (OSError, SyntaxError):
        raise
    except Exception as error:  # A config is code of its user: it may raise anything.
        named = copy_of or path
        raise ValueError(f"{type(error).__name__}: {error}, in config {named}") from error


def read_config(path: str | Path, is_main: bool = True) -> Config:
    """Read a config file like ``Config.fromfile``, also one with a detector beside a LIDnet.

    Args:
        path (str | Path): Config file. Its ``_base_``, and that of every local file it inherits
            from, may hold one LIDnet and one config of a detector, and names such as
            ``lidnet_mm::_base_/lidnet_paper.py`` for the configs of this package.
        is_main (bool): Say in the log what it leaves out of a detector's config, and do its
            ``custom_imports``. Defaults to True.

    Returns:
        Config: The config.

    Raises:
        ValueError: If two bases say ``model`` and are not a LIDnet and a detector with boxes, or
            if two bases set the same variable.
        FileNotFoundError: If a base does not exist.
    """
    original = Path(path).absolute()
    with TemporaryDirectory() as folder:
        reader = _Reader(Path(folder), is_main)
        readable = reader.readable(original)
        if readable == original:
            return config_of(path, import_custom_modules=is_main)
        config = config_of(readable, path, is_main)
        text = reader.with_original_names(config.text)
    return Config(
        config.to_dict(), cfg_text=text, filename=str(path), env_variables=config.env_variables
    )


class _Reader:
    """Writes a copy of each config file that MMEngine cannot read as it is."""

    def __init__(self, folder: Path, is_main: bool = True) -> None:
        self.folder = folder
        self.is_main = is_main
        self._readable: dict[Path, Path] = {}
        self._originals: dict[Path, Path] = {}
        self._configs: dict[Base, Config] = {}

    def readable(self, file: Path) -> Path:
        """The file, or a copy with other bases where MMEngine needs one."""
        if file not in self._readable:
            self._readable[file] = file
            if file.suffix == ".py" and file.is_file():
                bases = base_files(file)
                names = self._names(file, bases)
                if names != [base.name for base in bases]:
                    self._readable[file] = self._copy(file, names)
        return self._readable[file]

    def with_original_names(self, text: str) -> str:
        """A config's text with the names of the files in place of those that stand for them."""
        for copy, original in self._originals.items():
            text = text.replace(str(copy), str(original))
        return text

    def _names(self, file: Path, bases: list[Base]) -> list[str]:
        """The bases as MMEngine can read them, a detector's config merged into the LIDnet."""
        names = {b: b.name if b.scope else str(self.readable(b.path)) for b in bases}
        if len(bases) > 1:
            models = [base for base in bases if "model" in self._config(base)]
            if len(models) > 1:
                lidnet, detector = self._lidnet_and_detector(file, models)
                names[lidnet] = str(self._put_under(lidnet, detector))
                del names[detector]
            self._refuse_duplicates(file, list(names))
        return list(names.values())

    def _config(self, base: Base) -> Config:
        """What a base says, with all that it inherits."""
        if base not in self._configs:
            path = base.path if base.scope else self.readable(base.path)
            self._configs[base] = config_of(path, base.path, import_custom_modules=False)
        return self._configs[base]

    def _lidnet_and_detector(self, file: Path, models: list[Base]) -> tuple[Base, Base]:
        """Which of the bases is the LIDnet, and which the detector."""
        lidnets = [base for base in models if is_lidnet(self._config(base))]
        detectors = [base for base in models if base not in lidnets]
        if len(lidnets) == len(detectors) == 1:
            return lidnets[0], detectors[0]
        found = ", ".join(f"{b.path} ({self._config(b).model.get('type')})" for b in models)
        raise ValueError(
            f"{file} inherits several models: {found}. Inherit one LIDnet, such as "
            "'lidnet_mm::_base_/lidnet_paper.py', and one detector"
        )

    def _put_under(self, lidnet: Base, detector: Base) -> Path:
        """A file that is the LIDnet with the detector."""
        config = self._config(detector)
        replaces = "detector" in self._config(lidnet).model
        text = detector_text(config, detector.path, detector.scope, replaces)
        if self.is_main:
            log_left_out(config, detector.path)
        name = lidnet.name if lidnet.scope else str(self.readable(lidnet.path))
        merged = self._write(detector.path.name, f"_base_ = {[name]}\n{text}")
        self._originals[merged] = detector.path
        return merged

    def _refuse_duplicates(self, file: Path, bases: list[Base]) -> None:
        """Name the files where MMEngine would only say that a variable is there twice."""
        for one, other in combinations(bases, 2):
            common = self._config(one).keys() & self._config(other).keys()
            if common:
                raise ValueError(
                    f"{file} inherits {', '.join(sorted(common))} from both {one.path} and "
                    f"{other.path}: drop one of them, and write what it adds into the file. A "
                    "detector's config goes beside a LIDnet such as "
                    "'lidnet_mm::_base_/lidnet_paper.py', which has data and schedule"
                )

    def _copy(self, file: Path, names: list[str]) -> Path:
        """A copy of a config that inherits from other files."""
        copy = self._write(file.name, "")
        self._originals[copy] = file
        Config._substitute_predefined_vars(str(file), str(copy))
        # MMEngine takes the first assignment of _base_ and ignores the others.
        copy.write_text(f"_base_ = {names}\n{copy.read_text(encoding='utf-8')}", encoding="utf-8")
        return copy

    def _write(self, name: str, text: str) -> Path:
        """A new file in a folder of its own, so that messages show the name."""
        folder = self.folder / str(len(list(self.folder.iterdir())))
        folder.mkdir()
        (folder / name).write_text(text, encoding="utf-8")
        return folder / name


def shipped_configs() -> tuple[Path, Path]:
    """Where the configs of this package are: of an installed one, of a checkout."""
    package = Path(lidnet_mm.__file__).parent
    return package / ".mim" / "configs", package.parent / "configs"


def _base(name: str, file: Path) -> Base:
    """The entry ``name`` of ``_base_`` in ``file``."""
    package, colons, inside = name.partition("::")
    if colons and package == PACKAGE:
        return Base(name, _shipped(inside))
    if colons:
        require(package, f"config {file}")
    path, scope = Config._get_cfg_path(name, str(file))
    return Base(name if scope else str(Path(path)), Path(path), scope)


def _shipped(inside: str) -> Path:
    """A config of this package, from the installed package or the checkout."""
    folders = shipped_configs()
    for folder in folders:
        if (folder / inside).is_file():
            return folder / inside
    raise FileNotFoundError(
        f"there is no config {inside} of {PACKAGE}, neither in {folders[0]} nor in {folders[1]}"
    )
