"""XML from outside: what is read, and what is refused before it does harm."""

import pytest

from lidnet_mm.datasets.converters.sources import outside_xml
from lidnet_mm.datasets.converters.sources.outside_xml import AnnotationError, read_xml, text_of


def written(tmp_path, content):
    path = tmp_path / "größe 1.xml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_namespaces_and_blanks_do_not_count(tmp_path):
    root = read_xml(written(tmp_path, '<a xmlns="http://www.nih.gov"><b><c> 3 </c></b></a>'))
    assert (root.tag, text_of(root, "b/c"), text_of(root, "b/d")) == ("a", "3", "")


BOMB = "<!DOCTYPE a [" + '<!ENTITY x "y">' + "]><a>&x;</a>"
OUTSIDE = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><a>&x;</a>'
PARAMETER = '<!DOCTYPE a [<!ENTITY % x SYSTEM "http://127.0.0.1/x.dtd"> %x;]><a/>'


@pytest.mark.parametrize("content", [BOMB, OUTSIDE, PARAMETER, '<!DOCTYPE a SYSTEM "x"><a/>'])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_document_type_is_refused(tmp_path, content, encoding):
    with pytest.raises(AnnotationError, match=r"größe 1\.xml: it declares a document type") as got:
        read_xml(written(tmp_path, content.encode(encoding)))
    assert "größe" not in got.value.reason


@pytest.mark.parametrize(
    "content",
    [
        "",
        "<a><b></a>",
        b"\x89PNG\r\n\x1a\n",
        '<?xml version="1.0" encoding="none"?><a/>',
        b"<a>\xff",
    ],
)
def test_what_is_no_xml_is_refused(tmp_path, content):
    with pytest.raises(AnnotationError, match=r"größe 1\.xml \(.*no XML"):
        read_xml(written(tmp_path, content))


def test_a_huge_file_is_refused_unread(tmp_path, monkeypatch):
    monkeypatch.setattr(outside_xml, "LARGEST_BYTES", 3)
    with pytest.raises(AnnotationError, match="far larger"):
        read_xml(written(tmp_path, "<a/>"))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(AnnotationError, match=r"none\.xml \(.*no XML that can be read"):
        read_xml(tmp_path / "none.xml")
