"""What a registered class or function accepts, and what a misspelt name was meant to be."""

import inspect
from collections.abc import Callable, Iterable
from difflib import get_close_matches

NOT_GIVEN = ("self", "cls", "runner")
"""Parameters that nobody writes into a config."""


def accepted_arguments(built: Callable) -> dict[str, inspect.Parameter] | None:
    """Parameters that a class or a function takes by name.

    A class that hands what it does not know to the class before it takes what that one takes, too.

    Args:
        built (Callable): Class or function.

    Returns:
        dict[str, inspect.Parameter] | None: By name; None where it takes any name, or cannot say.
    """
    found: dict[str, inspect.Parameter] = {}
    for each in inspect.getmro(built) if inspect.isclass(built) else (built,):
        if inspect.isclass(each) and "__init__" not in vars(each):
            continue
        try:
            signature = inspect.signature(each.__init__ if inspect.isclass(each) else each)
        except (TypeError, ValueError):  # written in C
            return None
        named = signature.parameters.values()
        for parameter in named:
            is_variable = parameter.kind in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL)
            if not is_variable and parameter.name not in NOT_GIVEN:
                found.setdefault(parameter.name, parameter)
        if not any(parameter.kind is parameter.VAR_KEYWORD for parameter in named):
            return found
    return None


def nearest(name: str, names: Iterable[str]) -> str | None:
    """The name that was probably meant; None where none is like it.

    Args:
        name (str): What was written.
        names (Iterable[str]): What there is.

    Returns:
        str | None: One of them. Upper and lower case count as alike.
    """
    by_lower = {each.lower(): each for each in names}
    found = get_close_matches(name.lower(), list(by_lower), n=1, cutoff=0.7)
    return by_lower[found[0]] if found else None


def meant(name: str, names: Iterable[str]) -> str:
    """``: do you mean X?`` for a message, or nothing."""
    near = nearest(name, names)
    return f": do you mean {near!r}?" if near else ""
