"""What is wrong with an annotation file, all of it in one message."""

SHOWN = 10
"""Problems that a message names; the others are counted."""

REMEDY = "rebuild it with tools/dataset_converters, or correct it"


class Problems:
    """Collects what is wrong with one file.

    Args:
        name (str): The file, as messages call it.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._found: list[tuple[str, str]] = []

    def add(self, place: str, what: str) -> None:
        """Note a problem.

        Args:
            place (str): Record that has it.
            what (str): What is wrong, to be read after the place.
        """
        self._found.append((place, what))

    def refuse(self) -> None:
        """Raise what was found, if anything was.

        Raises:
            ValueError: One line with the file, the first records and their problems.
        """
        if not self._found:
            return
        (place, what), *others = self._found
        shown = "; ".join(f"{place} {what}" for place, what in others[: SHOWN - 1])
        more = f"; {len(others)} more: {shown}" if others else ""
        if others[SHOWN - 1 :]:
            more += f"; and {len(others[SHOWN - 1 :])} not named here"
        raise ValueError(f"{place} in {self.name} {what}{more}: {REMEDY}")
