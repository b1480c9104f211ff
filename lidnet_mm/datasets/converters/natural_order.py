"""The order in which a person would list names."""

import re


def natural_key(name: str) -> list[tuple[int, int, str]]:
    """Sort key by which numbers inside names count as numbers: ``p2`` before ``p10``."""
    parts = re.split(r"(\d+)", name)
    return [(0, int(p), p) if p.isdigit() else (1, 0, p.lower()) for p in parts] + [(2, 0, name)]
