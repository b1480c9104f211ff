"""The terminal of a tool."""

import sys


def show_any_name() -> None:
    r"""Let the terminal show names of files that are no text in its encoding, as ``\udcff``.

    Without it the first such name ends the tool, after hours of work, with an error of its own.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # not where a test or a notebook replaced it
            stream.reconfigure(errors="backslashreplace")
