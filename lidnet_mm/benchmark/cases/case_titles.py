"""In which order a case shows its images, and which of them it opens with."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from lidnet_mm.benchmark.cases.case import Case
from lidnet_mm.benchmark.scores.results import METHODS, ResultRow
from lidnet_mm.benchmark.scores.row_titles import (
    METHOD_TITLES,
    UNTRAINED,
    RowKey,
    ablation_parts,
    row_titles,
)

ABLATIONS = "Ablations"
FLOOR, UNKNOWN, CEILING = " floor", " unknown", " ceiling"
"""Groups without a name; no denoiser begins with a blank."""


@dataclass(frozen=True)
class TitleGroup:
    """Images that stand together.

    Attributes:
        name (str): Denoiser, or :data:`ABLATIONS`; empty for none.
        titles (tuple[str, ...]): Titles of the images.
        folded (bool): Whether they are out of sight until asked for. Defaults to False.
    """

    name: str
    titles: tuple[str, ...]
    folded: bool = field(default=False)


def keys_of_titles(rows: Iterable[ResultRow]) -> dict[str, RowKey]:
    """What the titles of a table stand for.

    Args:
        rows (Iterable[ResultRow]): All rows of the table.

    Returns:
        dict[str, RowKey]: By title; names of methods by themselves are always among them.
    """
    named = {title: RowKey(method, "none", "none") for method, title in METHOD_TITLES.items()}
    return named | {title: key for key, title in row_titles(rows).items()}


def title_groups(titles: Sequence[str], keys: Mapping[str, RowKey]) -> list[TitleGroup]:
    """Titles from floor to ceiling: LDCT and filters, denoiser by denoiser, ablations, NDCT.

    Args:
        titles (Sequence[str]): Of the images of a case.
        keys (Mapping[str, RowKey]): Of :func:`keys_of_titles`. Titles that are not among them
            stand behind the denoisers.

    Returns:
        list[TitleGroup]: Every title once. Denoisers keep their order and are named where there
            are several; the methods of one are in the order of ``METHODS``.
    """
    trained = [keys[t].denoiser for t in titles if t in keys and keys[t].method not in UNTRAINED]
    denoisers = [d for d in dict.fromkeys(trained) if not ablation_parts(d, trained)[1]]
    groups = {name: [] for name in (FLOOR, *denoisers, UNKNOWN, ABLATIONS, CEILING)}
    for title in sorted(titles, key=lambda t: METHODS.index(keys[t].method) if t in keys else 0):
        groups[_group(keys.get(title), denoisers)].append(title)
    named = {ABLATIONS, *(denoisers if len(denoisers) > 1 else ())}
    joined: list[TitleGroup] = []
    for group, found in groups.items():
        name = group if group in named else ""
        if found and not name and joined and not joined[-1].name:
            joined[-1] = replace(joined[-1], titles=(*joined[-1].titles, *found))
        elif found:
            joined.append(TitleGroup(name, tuple(found), group == ABLATIONS))
    return joined


def opening_title(groups: Sequence[TitleGroup], keys: Mapping[str, RowKey]) -> str:
    """The image to open with beside the first: what the method made of it.

    Args:
        groups (Sequence[TitleGroup]): Of :func:`title_groups`.
        keys (Mapping[str, RowKey]): Of :func:`keys_of_titles`.

    Returns:
        str: The first LIDnet that is no ablation; else the last method before NDCT, an ablation
            only where there is nothing else; else NDCT.
    """
    open_titles = [title for group in groups if not group.folded for title in group.titles]
    for title in open_titles:
        if title in keys and keys[title].method == "lidnet":
            return title
    all_titles = [title for group in groups for title in group.titles]
    for found in (open_titles[1:], all_titles[1:]):
        methods = [title for title in found if title not in keys or keys[title].method != "ndct"]
        if methods:
            return methods[-1]
    return all_titles[-1]


def by_importance(groups: Sequence[TitleGroup], keys: Mapping[str, RowKey]) -> list[str]:
    """Titles in the order in which to keep them where not all fit.

    Args:
        groups (Sequence[TitleGroup]): Of :func:`title_groups`.
        keys (Mapping[str, RowKey]): Of :func:`keys_of_titles`.

    Returns:
        list[str]: The image to open with, both ends, the others as they come; ablations last.
    """
    titles = [title for group in groups for title in group.titles]
    folded = [title for group in groups if group.folded for title in group.titles]
    rest = [title for title in titles if title not in folded]
    first = [opening_title(groups, keys), titles[0], titles[-1]]
    return list(dict.fromkeys([*first, *rest, *folded]))


def in_order(case: Case, groups: Sequence[TitleGroup]) -> Case:
    """A case with its images in another order.

    Args:
        case (Case): The case.
        groups (Sequence[TitleGroup]): All of its titles.

    Returns:
        Case: The same but for the order, in its neighbours too.
    """
    titles = [title for group in groups for title in group.titles]
    neighbours = [
        replace(part, images={title: part.images[title] for title in titles})
        for part in case.neighbours
    ]
    images = {title: case.images[title] for title in titles}
    return replace(case, images=images, neighbours=neighbours)


def _group(key: RowKey | None, denoisers: Sequence[str]) -> str:
    """Group of a title."""
    if key is None:
        return UNKNOWN
    if key.method in UNTRAINED:
        return CEILING if key.method == "ndct" else FLOOR
    return key.denoiser if key.denoiser in denoisers else ABLATIONS
