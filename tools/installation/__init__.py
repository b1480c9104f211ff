"""Parts of ``tools/install.py`` and ``tools/doctor.py``.

Standard library only, Python 3.8 or newer: they run before anything is installed, and where
something that is installed is broken.
"""


class InstallError(Exception):
    """The environment cannot be set up; the message says what to do."""
