"""Free text in Markdown."""

import re

ENTITIES = str.maketrans({"<": "&lt;", ">": "&gt;", "|": "\\|", "\\": "&#92;", "`": "&#96;",
                          "*": "&#42;", "~": "&#126;", "$": "&#36;"})  # fmt: skip
"""What begins HTML, a column, code, emphasis, a formula or an escape, wherever it stands."""

ENTITY = re.compile(r"&(?=#?\w+;)")
EDGE = re.compile(r"(?<!\w)_|_(?!\w)")
"""An underscore that could be emphasis; one inside of a word is none."""

LINK = re.compile(r"\](?=[(\[:])")
BLOCK = re.compile(r"(?:#{1,6}|[-+=]+|\d+[.)])(?=\s|$)")
"""A heading, list or line, where it stands in front."""


def markdown_text(text: str) -> str:
    """Text that is text in Markdown: no HTML, link, picture, formula, heading, list or column.

    Entities are used and no backslashes but for a column, so that the text may pass through other
    replacements, and reads the same in every dialect.

    Args:
        text: Any text.

    Returns:
        One line; what cannot be printed becomes ``?``.
    """
    line = " ".join(text.split())
    plain = "".join(letter if letter.isprintable() else "?" for letter in line)
    escaped = ENTITY.sub("&amp;", plain).translate(ENTITIES)
    escaped = EDGE.sub("&#95;", LINK.sub("&#93;", escaped))
    if found := BLOCK.match(escaped):
        last = found.end() - 1
        escaped = f"{escaped[:last]}&#{ord(escaped[last])};{escaped[last + 1 :]}"
    return escaped
