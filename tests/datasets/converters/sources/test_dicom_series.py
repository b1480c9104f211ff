"""Series found in trees of DICOM files."""

import os
import socket

import numpy as np
import pydicom
import pytest
from pydicom.uid import EnhancedCTImageStorage, PositronEmissionTomographyImageStorage

from lidnet_mm.datasets.converters.natural_order import natural_key
from lidnet_mm.datasets.converters.source_case import UnusableCaseError
from lidnet_mm.datasets.converters.sources.dicom_series import dicom_files, find_series

HU = np.full((8, 9), -800)


def found(*folders):
    result = find_series(dicom_files(folders))
    return result.series, result.left_out


def test_slices_are_grouped_by_patient_and_series_wherever_they_lie(tmp_path, write_ct):
    for name, patient, series in (
        ("mixed dir/é 10.dcm", "P2", "1.2.9"),
        ("mixed dir/é 9.dcm", "P2", "1.2.10"),
        ("other/x.IMA", "P2", "1.2.9"),
        ("other/1.2.840.77", "P10", "1.2.11"),  # a UID for a name, as of archives
    ):
        write_ct(tmp_path / name, HU, patient=patient, series=series, height=len(name))
    series, left_out = found(tmp_path)
    assert not left_out
    assert [(one.patient, one.uid, [path.name for path in one.files]) for one in series] == [
        ("P2", "1.2.9", ["é 10.dcm", "x.IMA"]),
        ("P2", "1.2.10", ["é 9.dcm"]),
        ("P10", "1.2.11", ["1.2.840.77"]),
    ]
    assert series[0].open().num_slices == 2


def test_a_patient_without_id_is_told_by_the_study(tmp_path, write_ct):
    write_ct(tmp_path / "1.dcm", HU, patient="")
    write_ct(tmp_path / "2.dcm", HU, patient="", StudyInstanceUID="", series="1.2.8", height=9)
    assert [one.patient for one in found(tmp_path)[0]] == ["1.2.3", "1.2.8"]


def test_what_is_hidden_or_not_dicom_is_not_looked_at(tmp_path, write_ct):
    write_ct(tmp_path / "1.dcm", HU)
    write_ct(tmp_path / ".trash" / "2.dcm", HU)
    (tmp_path / "._1.dcm").write_bytes(b"companion")
    (tmp_path / "notes.txt").write_text("DICM")
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
    assert [path.name for path in dicom_files([tmp_path])] == ["1.dcm"]


def test_other_modalities_and_localizers_are_left_out_by_name(tmp_path, write_ct):
    write_ct(tmp_path / "ct" / "1.dcm", HU)
    scout = ["ORIGINAL", "PRIMARY", "LOCALIZER"]
    write_ct(tmp_path / "ct" / "2.dcm", HU, ImageType=scout, height=2)
    for number in range(3):
        pet = {"Modality": "PT", "SOPClassUID": PositronEmissionTomographyImageStorage}
        write_ct(tmp_path / "pet" / f"{number}.dcm", HU, series="1.2.7", **pet)
    series, left_out = found(tmp_path)
    assert [one.uid for one in series] == ["1.2.3.1"]
    assert sorted((one.what, one.count) for one in left_out) == [("file", 1), ("file", 3)]
    named = " ".join(one.source for one in left_out)
    assert "pet/0.dcm is PT, not CT (and 2 more" in named and "ct/2.dcm is a localizer" in named


def test_damaged_files_are_left_out_by_name(tmp_path, write_ct):
    write_ct(tmp_path / "1.dcm", HU)
    write_ct(tmp_path / "bare.dcm", HU, PixelData=None)
    write_ct(tmp_path / "lost.dcm", HU, ImagePositionPatient=None)
    (tmp_path / "text.dcm").write_text("404 not found")
    series, left_out = found(tmp_path)
    assert [len(one.slices) for one in series] == [1]
    assert len(left_out) == 3
    for name in ("bare.dcm", "lost.dcm", "text.dcm"):
        assert sum(name in one.source for one in left_out) == 1
        assert not any(name in one.reason for one in left_out)


def test_of_copies_the_first_stays_and_of_different_files_none(tmp_path, write_ct):
    write_ct(tmp_path / "a" / "1.dcm", HU, uid="1.5.1")
    write_ct(tmp_path / "a" / "2.dcm", HU, uid="1.5.2", height=2)
    write_ct(tmp_path / "a" / "3.dcm", HU, uid="1.5.3", height=4)
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "1.dcm").write_bytes((tmp_path / "a" / "1.dcm").read_bytes())
    write_ct(tmp_path / "b" / "2.dcm", HU + 1, uid="1.5.2", height=2)
    ((series,), left_out) = found(tmp_path)
    assert [path.relative_to(tmp_path).as_posix() for path in series.files] == [
        "a/1.dcm",
        "a/3.dcm",
    ]
    reasons = {one.source.split(" ")[0].removeprefix(f"{tmp_path}/"): one for one in left_out}
    assert set(reasons) == {"b/1.dcm", "a/2.dcm", "b/2.dcm"}
    assert "a copy" in reasons["b/1.dcm"].reason
    assert "SOPInstanceUID" in reasons["a/2.dcm"].reason
    assert str(tmp_path / "b" / "2.dcm") in reasons["a/2.dcm"].source


def test_slices_of_two_spacings_are_no_volume(tmp_path, write_ct):
    write_ct(tmp_path / "1.dcm", HU)
    write_ct(tmp_path / "2.dcm", HU, height=2, PixelSpacing=[0.8, 0.8])
    (series,) = found(tmp_path)[0]
    with pytest.raises(UnusableCaseError, match=r"1\.dcm and .*2\.dcm differ in PixelSpacing") as e:
        series.open()
    assert str(tmp_path) not in e.value.reason and series.uid not in e.value.reason


def test_headers_are_enough(tmp_path, write_ct):
    write_ct(tmp_path / "1.dcm", HU)
    content = (tmp_path / "1.dcm").read_bytes()
    (tmp_path / "1.dcm").write_bytes(content[:-20])  # the pixels are cut short
    series, left_out = found(tmp_path)
    assert len(series) == 1 and not left_out


def test_frames_of_one_file_are_slices_of_it(tmp_path, write_ct):
    frames = []
    for number in range(2):
        place, frame = pydicom.Dataset(), pydicom.Dataset()
        place.ImagePositionPatient = [0, 0, 2 * number]
        frame.PlanePositionSequence = [place]
        frames.append(frame)
    write_ct(
        tmp_path / "1.dcm",
        np.vstack([HU, HU]),
        SOPClassUID=EnhancedCTImageStorage,
        NumberOfFrames=2,
        Rows=8,
        PerFrameFunctionalGroupsSequence=frames,
    )
    ((series,), left_out) = found(tmp_path)
    assert not left_out and len(series.slices) == 2 and len(series.files) == 1
    assert series.open().num_slices == 2


def volumes(tmp_path):
    """Patient and slices of each volume, what was left out, and the notes."""
    result = find_series(dicom_files([tmp_path]))
    shapes = [(one.patient, len(one.slices)) for one in result.series]
    return shapes, result.left_out, [f"{note.text}: {note.source}" for note in result.notes]


@pytest.mark.parametrize("ids", [("A1", ""), ("p02", "P02 "), ("A1", "A1-2"), ("A1", "B7", "")])
def test_a_series_is_one_volume_of_one_patient_whatever_its_ids(tmp_path, write_ct, ids):
    study = {"series": "1.2.5", "StudyInstanceUID": "1.2"}
    for index in range(6):
        patient = ids[index % len(ids)]
        write_ct(tmp_path / f"{index}.dcm", HU, height=2 * index, patient=patient, **study)
    shapes, left_out, notes = volumes(tmp_path)
    assert shapes == [(sorted(filter(None, (one.strip() for one in ids)), key=natural_key)[0], 6)]
    assert not left_out and len(notes) == 1 and all(one.strip() in notes[0] for one in ids)


def test_patients_are_joined_through_studies_series_and_ids(tmp_path, write_ct):
    # study 1: A and B; B again in study 2; study 2 has a series that reaches into study 3
    for name, patient, study, series in (
        ("1", "A", "9.1", "9.1.1"),
        ("2", "B", "9.1", "9.1.2"),
        ("3", "b", "9.2", "9.2.1"),
        ("4", "", "9.3", "9.2.1"),
        ("5", "C", "9.4", "9.4.1"),
    ):
        path = tmp_path / f"{name}.dcm"
        write_ct(path, HU, patient=patient, series=series, height=int(name), StudyInstanceUID=study)
    shapes, _, notes = volumes(tmp_path)
    assert shapes == [("A", 1), ("A", 1), ("A", 2), ("C", 1)]
    assert len(notes) == 1 and "'A', 'B', 'b'" in notes[0] and "C" not in notes[0].split(": ")[1]


def test_who_has_no_id_at_all_is_one_patient_and_named(tmp_path, write_ct):
    nothing = {"patient": "", "StudyInstanceUID": "", "SeriesInstanceUID": ""}
    for index in range(4):
        write_ct(tmp_path / "ab"[index % 2] / f"{index}.dcm", HU, height=index, **nothing)
    shapes, _, notes = volumes(tmp_path)
    assert shapes == [("without any id", 2)] * 2
    assert len(notes) == 1 and "give them PatientIDs" in notes[0] and "0.dcm and 3 more" in notes[0]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"ImageOrientationPatient": [1, 0, 0, 0, 0, -1]}, "another ImageOrientationPatient"),
        ({"PixelSpacing": [0.8, 0.8]}, "another PixelSpacing"),
        ({"Rows": 4, "Columns": 18}, "another shape"),
        ({"ImagePositionPatient": [40, 0, 5]}, "a place beside the other"),
    ],
)
def test_an_odd_slice_among_many_is_left_out_by_name(tmp_path, write_ct, changes, why):
    for index in range(10):
        write_ct(tmp_path / f"{index}.dcm", HU, height=2 * index)
    write_ct(tmp_path / "odd.dcm", HU, height=5, **changes)
    ((series,), left_out) = found(tmp_path)
    assert series.open().num_slices == 10 and series.open().uniform
    (entry,) = left_out
    assert why in entry.reason and "odd.dcm" in entry.source


def test_slices_that_have_a_series_each_are_one_volume_and_noted(tmp_path, write_ct):
    for index in range(5):
        write_ct(tmp_path / f"{index}.dcm", HU, height=3 * index, series=f"1.9.{index}")
    shapes, _, notes = volumes(tmp_path)
    assert shapes == [("P1", 5)] and "5 series, such as 1.9.0" in notes[0]
    (series,) = found(tmp_path)[0]
    assert series.open().slice_spacing == pytest.approx(3.0)


def test_lone_slices_that_are_no_even_stack_stay_apart(tmp_path, write_ct):
    for index, height in enumerate((0, 3, 11, 40)):
        write_ct(tmp_path / f"{index}.dcm", HU, height=height, series=f"1.9.{index}")
    assert volumes(tmp_path)[0] == [("P1", 1)] * 4


def test_two_passes_of_one_series_are_two_volumes_of_one_patient(tmp_path, write_ct):
    for index in range(4):
        for number in (1, 2):
            path = tmp_path / f"{number}-{index}.dcm"
            write_ct(path, HU + number, height=2 * index, AcquisitionNumber=number)
    result = find_series(dicom_files([tmp_path]))
    assert [(one.patient, one.name, len(one.slices)) for one in result.series] == [
        ("P1", "1.2.3.1 AcquisitionNumber 1", 4),
        ("P1", "1.2.3.1 AcquisitionNumber 2", 4),
    ]
    assert "several passes" in result.notes[0].text and "1.2.3.1" in result.notes[0].source
    for number, series in enumerate(result.series, start=1):
        np.testing.assert_array_equal(series.open().read_slice(3), HU + number)


def test_what_is_no_regular_file_is_left_out_by_name(tmp_path, write_ct):
    write_ct(tmp_path / "1.dcm", HU)
    for name in ("pipe.dcm", "no-suffix"):
        os.mkfifo(tmp_path / name)
    (tmp_path / "null.dcm").symlink_to("/dev/zero")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "s.dcm"))
        ((series,), left_out) = found(tmp_path)
    assert [path.name for path in series.files] == ["1.dcm"]
    named = " ".join(one.source for one in left_out)
    assert all(name in named for name in ("pipe.dcm", "null.dcm", "s.dcm")), named
    assert {one.reason for one in left_out} == {"it is no regular file"}
