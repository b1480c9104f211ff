"""HU windows to look through: usual ones, and those of a config."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from lidnet_mm.hu_window import HUWindow


class NamedWindow(NamedTuple):
    """A HU window with what it is for.

    Attributes:
        name: What a command line calls it.
        title: What a page calls it.
        window: The limits in HU.
    """

    name: str
    title: str
    window: HUWindow


PRESETS = (
    NamedWindow("soft-tissue", "Soft tissue", HUWindow(-160, 240)),
    NamedWindow("lung", "Lung", HUWindow(-1350, 150)),
    NamedWindow("mediastinum", "Mediastinum", HUWindow(-125, 225)),
    NamedWindow("abdomen", "Abdomen", HUWindow(-150, 250)),
    NamedWindow("bone", "Bone", HUWindow(-500, 1300)),
)
"""Widths and levels as radiologists use them, the first where nothing else is said."""

CONFIG = "config"
OWN = "own"


def config_windows(config: Mapping[str, Any]) -> list[NamedWindow]:
    """The windows that the model of a config reads HU through, each once.

    Args:
        config: As of ``load_config``.

    Returns:
        Those of the detector first; none where the config names none.
    """
    model = config.get("model") or {}
    detector = [limits for limits_of in _values(model, "detector_windows") for limits in limits_of]
    network = [
        own["window"] for own in _values(model, "data_preprocessor") if own and own.get("window")
    ]
    titled = [("Detector", limits) for limits in detector]
    titled += [("Network input", limits) for limits in network]
    windows: dict[HUWindow, str] = {}
    for title, limits in titled:
        windows.setdefault(HUWindow.parse(limits), title)
    return [NamedWindow(CONFIG, title, window) for window, title in windows.items()]


def choose_windows(
    words: Sequence[str] | None, of_config: Sequence[NamedWindow] = ()
) -> list[NamedWindow]:
    """The windows that a page offers, the one that it opens with first.

    Args:
        words: A name of a preset, ``config``, or a lower and an upper limit in HU. None for the
            config's first window, or the first preset where it has none.
        of_config: Windows of the config.

    Returns:
        The windows.

    Raises:
        ValueError: There is no such window, or the limits are not two increasing numbers.
    """
    known = [*of_config, *PRESETS]
    if not words:
        return known
    if len(words) == 2:
        try:
            limits = HUWindow.parse([float(word) for word in words])
        except ValueError as error:
            raise ValueError(f"--window needs a name or two limits in HU: {error}") from error
        return [NamedWindow(OWN, "As asked", limits), *known]
    first = next((window for window in known if window.name == " ".join(words)), None)
    if first is None:
        if list(words) == [CONFIG]:
            raise ValueError(
                "there is no HU window of a config here: name a preset or give two limits in HU"
            )
        names = ", ".join(window.name for window in PRESETS)
        raise ValueError(
            f"there is no HU window {' '.join(words)!r}: use {names}, {CONFIG}, or two limits in"
            " HU such as -160 240"
        )
    return [first, *(window for window in known if window is not first)]


def _values(config: Any, key: str) -> Iterator[Any]:
    """Values of a key, wherever it is in a config."""
    if isinstance(config, Mapping):
        if key in config:
            yield config[key]
        for value in config.values():
            yield from _values(value, key)
    elif isinstance(config, list | tuple):
        for value in config:
            yield from _values(value, key)
