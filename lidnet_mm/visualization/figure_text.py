"""Free text in a figure."""


def figure_text(text: str) -> str:
    """Text as Matplotlib shows it: no formula, no name that a legend leaves out.

    Args:
        text: Such as the name of a method.

    Returns:
        The text; ``$`` begins no formula, ``_`` in front has a blank before it, and what cannot be
        printed becomes ``?``.
    """
    lines = text.split("\n")
    plain = "\n".join("".join(c if c.isprintable() else "?" for c in line) for line in lines)
    hidden = " " if plain.startswith("_") else ""
    return f"{hidden}{plain}".replace("$", r"\$")
