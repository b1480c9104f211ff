"""Parts of ``tools/doctor.py``: what there is to know of an installation, and what it means.

The standard library only, and what :mod:`installation` holds: they run where packages are broken.
"""
