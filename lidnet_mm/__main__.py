"""``python -m lidnet_mm TOOL ...``: a tool of this package, as ``mim run lidnet_mm TOOL ...``.

For light installations, which have no ``mim``. A tool of a folder is named with a colon, such as
``dataset_converters:luna16``.
"""

import os
import sys
from difflib import get_close_matches
from pathlib import Path
from typing import NoReturn

from lidnet_mm.last_line import say_error

NO_TOOL = 2
"""Exit status where no tool was named, or none that exists."""

USAGE = "python -m lidnet_mm TOOL ...; TOOL --help says what it takes. The tools:"


def tools_folder() -> Path:
    """Where the tools are: of an installed package, or of a checkout."""
    package = Path(__file__).resolve().parent
    installed = package / ".mim" / "tools"
    return installed if installed.is_dir() else package.parent / "tools"


def tools() -> dict[str, Path]:
    """The tools by name; a folder that is a package is part of a tool."""
    folder = tools_folder()
    return {
        ":".join(path.relative_to(folder).with_suffix("").parts): path
        for path in sorted(folder.rglob("*.py"))
        if not (path.parent / "__init__.py").exists()
    }


def main(arguments: list[str]) -> NoReturn:
    """Become the tool, and end with its exit status.

    Args:
        arguments: Name of the tool, and its own arguments.
    """
    there_are = tools()
    name, *rest = arguments or [""]
    if name in ("-h", "--help"):
        print("\n".join([USAGE, *(f"  {each}" for each in there_are)]))  # noqa: T201
        sys.exit()
    if name not in there_are:
        close = [
            each
            for each in there_are
            if each.startswith(f"{name}:") or get_close_matches(name, [each, each.split(":")[-1]])
        ]
        what = f"there is no tool {name!r}" if name else "name a tool: python -m lidnet_mm TOOL ..."
        choice = ", ".join((name and close) or there_are)
        say_error(f"{what}: choose from {choice}; TOOL --help says what it takes")
        sys.exit(NO_TOOL)
    # A process as of the tool's own file: workers that it starts find its functions there.
    os.execv(sys.executable, [sys.executable, str(there_are[name]), *rest])


if __name__ == "__main__":
    main(sys.argv[1:])
