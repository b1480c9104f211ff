"""XML files of LIDC-IDRI."""

import pytest

from lidnet_mm.datasets.converters.sources.lidc.lidc_readings import read_lidc
from lidnet_mm.datasets.converters.sources.outside_xml import AnnotationError

HEAD = "<ResponseHeader><SeriesInstanceUid>1.2.3 </SeriesInstanceUid></ResponseHeader>"


def edge(x, y):
    return f"<edgeMap><xCoord>{x} </xCoord><yCoord>{y}</yCoord></edgeMap>"


def roi(points, uid="1.9", inclusion="TRUE"):
    edges = "".join(edge(x, y) for x, y in points)
    return (
        f"<roi><imageZposition>-12.5 </imageZposition><imageSOP_UID>{uid}  </imageSOP_UID>"
        f"<inclusion>{inclusion}</inclusion>{edges}</roi>"
    )


def nodule(*rois, grade="3"):
    return (
        "<unblindedReadNodule><noduleID>N 1</noduleID><characteristics><malignancy>"
        f"{grade}</malignancy></characteristics>{''.join(rois)}</unblindedReadNodule>"
    )


def written(tmp_path, *sessions, head=HEAD, root="LidcReadMessage"):
    path = tmp_path / "158.xml"
    body = "".join(f"<readingSession>{session}</readingSession>" for session in sessions)
    path.write_text(f'<{root} uid="x" xmlns="http://www.nih.gov">{head}{body}</{root}>')
    return path


LINE = [(30, 40), (31, 40), (31, 41)]


def test_readers_nodules_and_marks(tmp_path):
    non_nodule = "<nonNodule><locus><xCoord>1</xCoord><yCoord>2</yCoord></locus></nonNodule>"
    path = written(
        tmp_path,
        nodule(roi(LINE), roi([(5, 6), (7, 8)], "1.10", "FALSE "), grade="4 ") + non_nodule,
        non_nodule * 2,
        nodule(roi([(9, 9)]), grade="") + nodule(roi([(9, 9)]), roi(LINE, "1.11"), grade="0"),
        "",
    )
    reading = read_lidc(path)
    assert (reading.series_uid, reading.readers, reading.non_nodules) == ("1.2.3", 4, 3)
    assert [(one.reader, one.is_mark, one.malignancy) for one in reading.nodules] == [
        (0, False, 4),
        (2, True, None),
        (2, False, None),
    ]
    first, hole = reading.nodules[0].outlines
    assert (first.sop_uid, first.inclusion, hole.inclusion) == ("1.9", True, False)
    assert first.points.tolist() == [[y, x] for x, y in LINE]


BAD = {
    "no slice": roi(LINE, uid=""),
    "no points": roi([]),
    "no number": roi([("a", 3)]),
    "fraction": roi([(1.5, 3)]),
    "below the image": roi([(-1, 3)]),
    "inclusion": roi(LINE, inclusion="maybe"),
}


@pytest.mark.parametrize("case", BAD)
def test_an_incomplete_outline_is_refused(tmp_path, case):
    with pytest.raises(AnnotationError, match=r"158\.xml \(roi at -12\.5 mm\): an outline lacks"):
        read_lidc(written(tmp_path, nodule(BAD[case])))


def test_a_nodule_without_outline_is_refused(tmp_path):
    with pytest.raises(AnnotationError, match=r"\(N 1\): a nodule has no outline"):
        read_lidc(written(tmp_path, nodule()))


def test_x_rays_and_other_files_are_told_apart(tmp_path):
    with pytest.raises(AnnotationError, match=r"158\.xml: the reading of a chest X-ray"):
        read_lidc(written(tmp_path, root="IdriReadMessage"))
    for path in (written(tmp_path, root="annotation"), written(tmp_path, head="")):
        with pytest.raises(AnnotationError, match="no LIDC-IDRI reading of a CT"):
            read_lidc(path)
