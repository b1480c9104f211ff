"""Free text in LaTeX."""

SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#",
    "%": r"\%", "_": r"\_", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}",
    "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}", '"': r"\textquotedbl{}",
    "±": r"$\pm$", "\u2212": r"$-$", "\u2013": "--", "…": r"\ldots{}", "\u00d7": r"$\times$",
    "≥": r"$\ge$", "≤": r"$\le$", "∞": r"$\infty$", "↑": r"$\uparrow$", "↓": r"$\downarrow$",
    "λ": r"$\lambda$", "\u03c3": r"$\sigma$", "µ": r"$\mu$",
}  # fmt: skip

LACKING = "ĦħĸĿŀŉŦŧſ"
"""Letters of Latin Extended-A that T1 fonts lack: a page with one of them does not compile."""


def escape_latex(text: str) -> str:
    """Text for LaTeX: letters that mean something there, and those that its fonts lack.

    Args:
        text (str): Any text.

    Returns:
        str: The same in print; a letter that plain LaTeX cannot set becomes ``?``.
    """
    kept = [SPECIAL.get(letter, letter) for letter in " ".join(text.split())]
    return "".join(part if _is_known(part) else "?" for part in kept)


def _is_known(part: str) -> bool:
    """Whether LaTeX can set a letter, or what stands for it; it stops at a control character."""
    return part.isprintable() and (part.isascii() or _in_latin(part))


def _in_latin(letter: str) -> bool:
    """Whether T1 fonts have a letter."""
    return 0xC0 <= ord(letter) <= 0x17F and letter not in LACKING
