"""Names of folders from titles."""

import re
from collections.abc import Iterable


def folder_name(title: str) -> str:
    """Name of a folder for a title.

    Args:
        title (str): Such as ``250 HU`` or ``WGAN-VGG``.

    Returns:
        str: Such as ``250-hu``: small letters, digits, dots and single hyphens.

    Raises:
        ValueError: If nothing is left of the title.
    """
    name = re.sub(r"[^a-z0-9.]+", "-", str(title).lower()).strip("-.")
    if not name:
        raise ValueError(f"{title!r} is part of a folder's name: use letters or digits")
    return name


def check_different(titles: Iterable[str], what: str) -> None:
    """Refuse two titles that would share a folder.

    Args:
        titles (Iterable[str]): The titles.
        what (str): What they are titles of, such as ``doses``.

    Raises:
        ValueError: If two have one folder name; the message names both.
    """
    found: dict[str, str] = {}
    for title in titles:
        name = folder_name(title)
        if name in found:
            raise ValueError(
                f"{what} {found[name]!r} and {title!r} would share the folder '{name}': rename one"
            )
        found[name] = title
