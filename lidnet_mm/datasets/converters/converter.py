"""The interface of a converter: it finds cases, all else is the same for every source."""

from abc import ABC, abstractmethod
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from lidnet_mm.datasets.converters.patient_split import DEFAULT_SPLIT
from lidnet_mm.datasets.converters.source_case import FoundCases


class Converter(ABC):
    """One published layout of CT with lesion labels.

    Attributes:
        name: As the tool is called, such as ``'luna16'``.
        description: What the dataset holds, for the json.
        class_name: Name of the only category, unless the source's own options name several.
        store: How volumes are written unless the user says otherwise: ``'nifti'`` (whole volumes)
            or ``'png'`` (16-bit pictures of those slices that the json has).
        keep_empty: Whether slices without a lesion are negatives unless the user says otherwise.
        split: Part → number of patients or fraction, unless the user says otherwise; None takes
            the parts of the source (``SourceCase.part``).
        annotated: Whether anybody looked for lesions. Where not, the json says so
            (``info.annotated``), and no detector may take its slices for negatives.
        stop_at_unusable: Whether a volume that cannot be used ends the conversion; else it is
            left out, by name.
    """

    name: ClassVar[str]
    description: ClassVar[str]
    class_name: ClassVar[str] = "lesion"
    store: ClassVar[str] = "nifti"
    keep_empty: ClassVar[bool] = True
    split: ClassVar[Mapping[str, int | float] | None] = DEFAULT_SPLIT
    annotated: ClassVar[bool] = True
    stop_at_unusable: ClassVar[bool] = False

    def add_arguments(self, parser: ArgumentParser) -> None:  # noqa: B027 - most have none
        """Add the options that only this source has."""

    def settings(self, options: Namespace) -> dict[str, Any]:
        """Values of those options, for the json: plain, and naming nothing of the source.

        Args:
            options: The parsed command line.
        """
        return {}

    def class_names(self, options: Namespace) -> tuple[str, ...]:
        """Names of the categories, each once: ``--class-name``, or what own options say.

        Args:
            options: The parsed command line.

        Raises:
            ConversionError: The options contradict each other.
        """
        return (options.class_name,)

    def default_split(self, options: Namespace) -> Mapping[str, int | float] | None:
        """The split if the user gives none: ``split``, unless the source's own options say more.

        Args:
            options: The parsed command line.
        """
        return self.split

    @abstractmethod
    def find_cases(self, source: Path, options: Namespace) -> FoundCases:
        """List the volumes of a folder, without reading voxels.

        Args:
            source: Folder, as it is downloaded.
            options: The parsed command line.

        Returns:
            The volumes, and what belongs to none of them.

        Raises:
            ConversionError: The folder is missing, empty or not of this layout; the message says
                what was looked for and what was found.
        """
