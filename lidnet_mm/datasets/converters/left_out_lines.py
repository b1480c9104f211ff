"""What the terminal says of things that were left out."""

from collections.abc import Sequence

from mmengine.logging import MMLogger

from lidnet_mm.datasets.converters.source_case import LeftOut, Note

MOST_NAMES = 5
"""Names shown of things that were left out for the same reason; there may be thousands."""


def warn_left_out(where: str, left_out: Sequence[LeftOut], all_names: bool) -> None:
    """Log a warning for each kind of thing and reason, with the source's names.

    Args:
        where: Which case, or '' for what belongs to none.
        left_out: What was left out.
        all_names: Name everything, else the first ``MOST_NAMES`` of each reason.
    """
    prefix = f"{where}: " if where else ""
    for line in left_out_lines(left_out, None if all_names else MOST_NAMES):
        # In one piece: MMEngine shows only the first warning of equal text before its arguments.
        MMLogger.get_current_instance().warning(f"{prefix}left out: {line}")


def warn_notes(notes: Sequence[Note]) -> None:
    """Log what was joined or separated against what the source says, each with its names.

    Args:
        notes: What was done.
    """
    for note in notes:
        named = f": {note.source}" if note.source else ""
        MMLogger.get_current_instance().warning(f"{note.text}{named}")


def left_out_lines(left_out: Sequence[LeftOut], most: int | None) -> list[str]:
    """Put what was left out for the same reason into one line.

    Args:
        left_out: What was left out.
        most: Names in a line; None for all.

    Returns:
        Lines such as ``2 x slice: its picture is missing: a.png; b.png``, in the order of the
        first of each.
    """
    groups: dict[tuple[str, str], list[LeftOut]] = {}
    for entry in left_out:
        groups.setdefault((entry.what, entry.reason), []).append(entry)
    return [_line(what, reason, entries, most) for (what, reason), entries in groups.items()]


def _line(what: str, reason: str, entries: Sequence[LeftOut], most: int | None) -> str:
    """One line of entries that share their reason."""
    line = f"{sum(entry.count for entry in entries)} x {what}: {reason}"
    named = [entry for entry in entries if entry.source]
    names = [_name(entry) for entry in named[:most]]
    if most is not None and named[most:]:
        names.append(f"and {sum(e.count for e in named[most:])} more (--verbose names all)")
    return f"{line}: {'; '.join(names)}" if names else line


def _name(entry: LeftOut) -> str:
    """The first of several, and how many more."""
    return f"{entry.source} and {entry.count - 1} more" if entry.count > 1 else entry.source
