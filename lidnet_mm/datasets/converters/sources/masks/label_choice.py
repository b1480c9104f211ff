"""Which values of a mask are lesions, and of which class."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from lidnet_mm.datasets.converters.conversion_error import ConversionError

ALL = "all"
FORM = (
    "give values (--labels 2, --labels 2,3), classes with values (--labels tumour=2,cyst=3), or "
    f"--labels {ALL}"
)


@dataclass(frozen=True)
class LabelChoice:
    """The values that are lesions.

    Attributes:
        values: Class → its values; the class ``''`` where they have no names. Empty: every value
            above 0 is a lesion.
    """

    values: Mapping[str, Sequence[int]] = field(default_factory=dict)

    @property
    def class_names(self) -> tuple[str, ...]:
        """The classes that have names, in the order in which they were given."""
        return tuple(name for name in self.values if name)

    def masks(self, labels: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
        """Divide the labels of a slice.

        Args:
            labels: (H, W) whole numbers.

        Yields:
            Each class with the labels of its own, (H, W), 0 elsewhere.
        """
        if not self.values:
            yield "", labels
        for name, values in self.values.items():
            yield name, np.where(np.isin(labels, values), labels, 0)

    def __str__(self) -> str:
        """The values as on the command line."""
        pairs = ((name, value) for name, values in self.values.items() for value in values)
        return ",".join(f"{name}={value}" if name else str(value) for name, value in pairs) or ALL


def parse_labels(words: Sequence[str]) -> LabelChoice:
    """Read ``['2']``, ``['2,3']``, ``['tumour=2,cyst=3']`` or ``['all']``.

    Blanks divide as commas do. A class may be given several times, with another value each.

    Raises:
        ConversionError: It is none of these, or a value comes twice.
    """
    given = ",".join(words)
    if given == ALL:
        return LabelChoice()
    found: dict[str, list[int]] = {}
    for item in given.split(","):
        name, equals, value = item.rpartition("=")
        if not value.strip().isdecimal() or int(value) < 1 or (equals and not name.strip()):
            raise ConversionError(f"--labels {given}: '{item}' is no label above 0; {FORM}")
        found.setdefault(name.strip(), []).append(int(value))
    values = [value for of_class in found.values() for value in of_class]
    if len(set(values)) < len(values):
        raise ConversionError(f"--labels {given}: a label comes twice; {FORM}")
    if "" in found and len(found) > 1:
        raise ConversionError(f"--labels {given}: some labels have a class and some not; {FORM}")
    return LabelChoice(found)
