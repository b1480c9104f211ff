"""``--cfg-options`` of the tools."""

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence

from mmengine.config import DictAction


class ConfigOptions(DictAction):
    """MMEngine's ``key=value`` pairs, in which a path may have spaces.

    MMEngine removes all spaces, as between the numbers of a list: ``data_root=/data/my CT`` would
    become ``/data/myCT``. Here a text without comma and outer brackets is kept as it is.
    """

    def __call__(
        self,
        parser: ArgumentParser,
        namespace: Namespace,
        values: Sequence[str],
        option_string: str | None = None,
    ) -> None:
        """Add pairs to the namespace; one without ``=`` ends the program with a message."""
        options = dict(getattr(namespace, self.dest, None) or {})
        for pair in values:
            key, separator, text = pair.partition("=")
            if not separator:
                parser.error(f"{option_string}: '{pair}' is not key=value")
            options[key] = _plain_text(text) or self._parse_iterable(text)
        setattr(namespace, self.dest, options)


def _plain_text(text: str) -> str | None:
    """A text with spaces that is no list, without outer quotes."""
    text = text.strip().strip("'\"")
    is_list = "," in text or text.startswith(("(", "["))
    return text if " " in text and not is_list else None
