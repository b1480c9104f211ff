"""The tools' own parts are imported by the names that the tools import them by."""

import sys
from pathlib import Path

from dicom_files import write_series

__all__ = ["write_series"]

TOOLS = str(Path(__file__).resolve().parents[2] / "tools")
# At the end: tools/test.py must not hide the standard library's test.
if TOOLS not in sys.path:
    sys.path.append(TOOLS)
