"""XML files from outside, read without what XML can do to a reader."""

from pathlib import Path
from xml.etree import ElementTree

from lidnet_mm.datasets.converters.conversion_error import ConversionError

LARGEST_BYTES = 64 << 20
"""No annotation comes near: they are lists of boxes or outlines, of kilobytes."""


class AnnotationError(ConversionError):
    """One annotation file that cannot be used; the others are not affected.

    Args:
        reason: Why; it names nothing of the source.
        source: The file and the details, for the terminal.
    """

    def __init__(self, reason: str, source: str) -> None:
        super().__init__(f"{source}: {reason}")
        self.reason, self.source = reason, source


class _NoDoctype(ElementTree.TreeBuilder):
    """Builds the tree of a file that declares no document type, and so no entities."""

    def doctype(self, name: str, _public: str | None, _system: str | None) -> None:
        """Stop at the declaration, before any entity in it is known."""
        raise AnnotationError("it declares a document type, as no annotation does", f"<!{name}>")


def read_xml(path: Path) -> ElementTree.Element:
    """Read an XML file.

    Entities can make a small file fill the memory, or read other files of the machine. They need a
    document type declaration, which annotations never have: such a file is refused.

    Args:
        path: The file.

    Returns:
        Its root; namespaces are taken off all names.

    Raises:
        AnnotationError: The file is too large, no XML, or declares a document type.
    """
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise AnnotationError("it is far larger than any annotation", str(path))
        root = ElementTree.parse(path, ElementTree.XMLParser(target=_NoDoctype())).getroot()
    except AnnotationError as error:
        raise AnnotationError(error.reason, str(path)) from error
    except (OSError, ValueError, LookupError, ElementTree.ParseError) as error:
        raise AnnotationError("it is no XML that can be read", f"{path} ({error})") from error
    for element in root.iter():
        element.tag = str(element.tag).rpartition("}")[2]
    return root


def text_of(element: ElementTree.Element, name: str) -> str:
    """Text of a child element without blanks around it; empty where there is none."""
    return (element.findtext(name) or "").strip()
