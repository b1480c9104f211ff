"""What all HTML pages share: templates that escape, and pictures inside the page."""

import base64
import json
from collections.abc import Mapping
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined


def template_environment(package: str) -> Environment:
    """Templates in the ``templates`` folder of a package, every value escaped unless marked safe.

    Args:
        package: Its name, such as ``lidnet_mm.benchmark``.

    Returns:
        The environment; a variable that is not given is an error.
    """
    return Environment(
        loader=PackageLoader(package),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def as_it_is(package: str, name: str) -> str:
    """A style or script of a package, with nothing to fill in or to escape.

    Args:
        package: As of :func:`template_environment`.
        name: Its file name.

    Returns:
        Its text.
    """
    environment = template_environment(package)
    return environment.loader.get_source(environment, name)[0]


def data_uri(png: bytes) -> str:
    """A picture as part of a page.

    Args:
        png: A PNG file.

    Returns:
        An address that holds the picture itself.
    """
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")


def script_json(content: Mapping[str, Any]) -> str:
    """Json for inside of a script element: no ``<`` that could end it.

    Args:
        content: Of finite numbers, texts, lists and mappings.

    Returns:
        Its text.

    Raises:
        ValueError: A number is not finite.
    """
    text = json.dumps(content, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c")
