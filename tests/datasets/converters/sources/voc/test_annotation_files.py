"""Annotation files below a folder."""

from lidnet_mm.datasets.converters.sources.voc.annotation_files import find_xml, one_annotation


def test_xml_files_are_found_at_any_depth_in_natural_order(tmp_path):
    for name in ("10.xml", "9.XML", "ä b/1.xml", "._9.xml", "notes.txt"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("<a/>")
    (tmp_path / "folder.xml").mkdir()
    found = [path.relative_to(tmp_path).as_posix() for path in find_xml(tmp_path)]
    assert found == ["9.XML", "10.xml", "ä b/1.xml"]


def test_copies_are_left_out_and_of_different_files_all(tmp_path):
    paths = [tmp_path / f"{number}.xml" for number in range(3)]
    for path in paths:
        path.write_text("<a/>")
    assert one_annotation(paths[:1]) == (paths[0], [])
    chosen, left_out = one_annotation(paths)
    assert chosen == paths[0]
    assert [one.source for one in left_out] == [str(path) for path in paths[1:]]
    paths[2].write_text("<b/>")
    chosen, left_out = one_annotation(paths)
    assert chosen is None and [one.source for one in left_out] == [str(path) for path in paths]
