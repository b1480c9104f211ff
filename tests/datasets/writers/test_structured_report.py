"""The structured report, read by highdicom, by hand, as OHIF does, and by dciodvfy."""

import dataclasses
import json
import shutil
import subprocess
from datetime import datetime

import highdicom
import numpy as np
import pydicom
import pytest
import SimpleITK
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes
from pydicom.uid import EnhancedCTImageStorage

from lidnet_mm.datasets.readers import open_volume
from lidnet_mm.datasets.writers.measurement_groups import ReportAlgorithm, finding_code
from lidnet_mm.datasets.writers.structured_report import write_structured_report
from lidnet_mm.evaluation.box_joining import join_boxes
from lidnet_mm.evaluation.lesions import SliceBox

ALGORITHM = ReportAlgorithm("cpce_lidnet", "1.2.0", {"denoiser": "ab" * 32, "detector": "cd" * 32})
DCIODVFY = shutil.which("dciodvfy")


def write(series, path, lesions=None, **changes):
    arguments = {
        "lesions": series.lesions if lesions is None else lesions,
        "slices": series.headers,
        "to_stored": series.volume.stored_pixel,
        "algorithm": ALGORITHM,
        "uid_seed": "1.2.3.4 cpce_lidnet",
    }
    write_structured_report(path, **{**arguments, **changes})
    return path


def items(content, concept):
    """Content items of a concept, by hand."""
    return [
        item
        for item in content.ContentSequence
        if item.ConceptNameCodeSequence[0].CodeMeaning == concept
    ]


def groups_of(report):
    return items(items(report, "Imaging Measurements")[0], "Measurement Group")


def corners_mm(region, headers):
    """Corners of a region in the patient, by DICOM's equation C.7.6.2.1-1."""
    uid = region.ContentSequence[0].ReferencedSOPSequence[0].ReferencedSOPInstanceUID
    (image,) = (header for header in headers if header.SOPInstanceUID == uid)
    across, down = np.reshape(np.array(image.ImageOrientationPatient, float), (2, 3))
    row_mm, column_mm = map(float, image.PixelSpacing)
    points = np.reshape(region.GraphicData, (-1, 2)) - 0.5  # the first pixel's centre is at 0.5
    return np.array(image.ImagePositionPatient, float) + (
        points[:, :1] * column_mm * across + points[:, 1:] * row_mm * down
    )


@pytest.mark.parametrize("series", ["HFS", "HFP", "FFS", "turned"], indirect=True)
def test_regions_lie_where_the_boxes_do(series, tmp_path):
    report = pydicom.dcmread(write(series, tmp_path / "report.dcm"))
    groups = groups_of(report)
    assert len(groups) == len(series.lesions) == 2
    for group, lesion in zip(groups, series.lesions, strict=True):
        regions = items(group, "Image Region")
        others = [box for box in lesion.boxes if box is not lesion.key_box]
        for region, box in zip(regions, (lesion.key_box, *others), strict=True):
            x1, y1, x2, y2 = box.box
            truth = [series.place(box.slice_index, x, y) for x in (x1, x2) for y in (y1, y2)]
            corners = corners_mm(region, series.headers)
            assert region.GraphicType == "POLYLINE"
            np.testing.assert_array_equal(corners[0], corners[-1])
            np.testing.assert_allclose(sorted(corners[:4].tolist()), sorted(truth), atol=0.01)
            # Round the box: neighbours differ along one axis only.
            assert (np.count_nonzero(np.abs(np.diff(corners, axis=0)) > 1e-3, axis=1) == 1).all()


def test_highdicom_reads_measures_model_and_places(series, tmp_path):
    report = highdicom.sr.srread(write(series, tmp_path / "report.dcm"))
    (nodule,) = report.content.get_volumetric_roi_measurement_groups()
    (cancer,) = report.content.get_planar_roi_measurement_groups()
    assert (nodule.tracking_identifier, cancer.tracking_identifier) == (
        "nodule 1",
        "adenocarcinoma of the lung 2",
    )
    assert nodule.finding_type == codes.SCT.Nodule
    assert cancer.finding_type.meaning == "adenocarcinoma of the lung"
    assert cancer.finding_category == codes.SCT.MorphologicallyAbnormalStructure
    (diameter,) = nodule.get_measurements(codes.SCT.LongAxis)
    assert (diameter.value, diameter.unit) == (7.2, codes.UCUM.Millimeter)
    (score,) = nodule.get_measurements(codes.DCM.CertaintyOfFinding)
    assert (score.value, score.unit) == (87.5, codes.UCUM.Percent)
    header = series.headers[5]
    transform = highdicom.spatial.ImageToReferenceTransformer(
        [float(value) for value in header.ImagePositionPatient],
        [float(value) for value in header.ImageOrientationPatient],
        [float(value) for value in header.PixelSpacing],
    )
    corners = transform(cancer.roi.value)
    np.testing.assert_allclose(corners[0], series.place(5, 20, 0), atol=0.01)
    np.testing.assert_allclose(corners[2], series.place(5, 40, 30), atol=0.01)
    texts = [item.TextValue for item in items(groups_of(report)[0], "Algorithm Parameters")]
    assert texts == [
        f"SHA-256 of the denoiser: {'ab' * 32}",
        f"SHA-256 of the detector: {'cd' * 32}",
    ]
    assert {row[2] for row in report.get_evidence()} == set(series.volume.sop_instance_uids)


@pytest.mark.parametrize("found", [True, False])
def test_ohif_finds_what_it_looks_for(series, tmp_path, found):
    """OHIF takes the first SCOORD of a group, and stops at a report that lacks any of these."""
    lesions = series.lesions if found else []
    report = pydicom.dcmread(write(series, tmp_path / "report.dcm", lesions))
    assert report.ConceptNameCodeSequence[0].CodeValue == "126000"
    assert report.ContentTemplateSequence[0].TemplateIdentifier == "1500"
    (library,) = items(items(report, "Image Library")[0], "Image Library Group")
    images = {
        item.ReferencedSOPSequence[0].ReferencedSOPInstanceUID for item in library.ContentSequence
    }
    known = {header.SOPInstanceUID for header in series.headers}
    assert images
    assert images <= known
    groups = groups_of(report)
    uids = [items(group, "Tracking Unique Identifier")[0].UID for group in groups]
    assert len(set(uids)) == len(uids) == (2 if found else 1)
    for group in groups:
        assert items(group, "Tracking Identifier")[0].TextValue
        drawn = [item for item in group.ContentSequence if item.ValueType == "SCOORD"]
        numbers = [item for item in group.ContentSequence if item.ValueType == "NUM"]
        assert bool(drawn) == bool(numbers) == found  # a number without a region makes it stop
        if found:
            reference = drawn[0].ContentSequence[0].ReferencedSOPSequence[0]
            assert reference.ReferencedSOPInstanceUID in images
            assert (drawn[0].RelationshipType, len(drawn[0].GraphicData)) == ("CONTAINS", 10)


def test_nothing_found_is_said(series, tmp_path):
    report = pydicom.dcmread(write(series, tmp_path / "report.dcm", []))
    (group,) = groups_of(report)
    (summary,) = items(group, "CAD Processing and Findings Summary")
    assert summary.ConceptCodeSequence[0].CodeValue == "111241"


def test_same_arguments_give_the_same_bytes(series, tmp_path):
    first, again, other = (
        write(series, tmp_path / name, uid_seed=seed)
        for name, seed in (("a.dcm", "x"), ("b.dcm", "x"), ("c.dcm", "y"))
    )
    assert first.read_bytes() == again.read_bytes()
    one, two = (pydicom.dcmread(path) for path in (first, other))
    assert one.SOPInstanceUID != two.SOPInstanceUID
    assert one.SeriesInstanceUID != two.SeriesInstanceUID
    assert one.SOPInstanceUID not in {header.SOPInstanceUID for header in series.headers}


def test_patient_study_and_time_are_those_of_the_images(series, tmp_path):
    labels = dataclasses.replace(series.lesions[1].key_box, label="\u7d50\u7bc0\\A")
    lesion = dataclasses.replace(series.lesions[1], boxes=(labels,), key_box=labels)
    report = pydicom.dcmread(write(series, tmp_path / "report.dcm", [lesion]))
    source = series.headers[0]
    for keyword in (
        "PatientName",
        "PatientID",
        "PatientBirthDate",
        "PatientSex",
        "StudyDate",
        "StudyTime",
        "StudyID",
        "AccessionNumber",
        "StudyInstanceUID",
        "PatientIdentityRemoved",
    ):
        assert report[keyword].value == source[keyword].value
    assert report.PatientName == "Søren^Planted"
    assert report.SeriesInstanceUID != source.SeriesInstanceUID
    assert (report.ContentDate, report.ContentTime[:6]) == ("20200304", "111213")
    assert (report.SeriesNumber, report.VerificationFlag) == (1003, "UNVERIFIED")
    (group,) = groups_of(report)
    code = items(group, "Finding")[0].ConceptCodeSequence[0]
    assert code.CodeMeaning == "\u7d50\u7bc0/A"
    made = datetime(2024, 5, 6, 7, 8, 9)
    report = pydicom.dcmread(write(series, tmp_path / "later.dcm", content_datetime=made))
    assert (report.ContentDate, report.ContentTime[:6]) == ("20240506", "070809")


@pytest.mark.parametrize("keyword", ["PatientName", "PatientSex", "StudyID", "SeriesNumber"])
def test_image_that_lacks_what_may_be_empty_is_fine(series, tmp_path, keyword):
    del series.headers[0][keyword]
    assert not pydicom.dcmread(write(series, tmp_path / "r.dcm")).get(keyword) or (
        keyword == "SeriesNumber"
    )


def test_images_without_a_date_get_a_report_that_is_the_same_every_time(series, tmp_path):
    for header in series.headers:
        for keyword in ("ContentDate", "StudyDate"):
            header[keyword].value = ""
    path = write(series, tmp_path / "r.dcm")
    assert pydicom.dcmread(path).ContentDate == "19000101"
    assert write(series, tmp_path / "again.dcm").read_bytes() == path.read_bytes()
    assert DCIODVFY is None or errors_of(path) == set()


def test_frames_of_a_multi_frame_image_are_named(series, tmp_path):
    image = Dataset()
    image.update(series.headers[0])
    image.SOPClassUID, image.NumberOfFrames = EnhancedCTImageStorage, 6
    frames = [6, 5, 4, 3, 2, 1]
    path = tmp_path / "report.dcm"
    write(series, path, slices=[image] * 6, frame_numbers=frames)
    report = pydicom.dcmread(path)
    references = [
        region.ContentSequence[0].ReferencedSOPSequence[0]
        for region in items(groups_of(report)[0], "Image Region")
    ]
    assert [reference.ReferencedFrameNumber for reference in references] == [4, 5, 3]
    with pytest.raises(ValueError, match="slice 0 is multi-frame; give frame_numbers"):
        write(series, path, slices=[image] * 6)
    with pytest.raises(ValueError, match="6 slices and 2 frame numbers"):
        write(series, path, slices=[image] * 6, frame_numbers=[1, 2])


def without(*keywords):
    """Function that takes elements from the first header."""

    def change(headers):
        for keyword in keywords:
            headers[0].pop(keyword, None)
        return headers

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda headers: [], "give their headers"),
        (without("SOPInstanceUID"), "slice 0 states no SOPInstanceUID"),
        (lambda headers: headers[:5], "lesion 2 is on slices 5 to 5, but 5 images"),
    ],
)
def test_report_of_the_wrong_images_is_refused_and_nothing_written(
    series, tmp_path, change, message
):
    with pytest.raises(ValueError, match=message):
        write(series, tmp_path / "out" / "report.dcm", slices=change(series.headers))
    assert not (tmp_path / "out").exists()


def test_codes_of_unknown_classes_are_private_short_and_different():
    codes_ = [finding_code(label) for label in ("mass", "x" * 80, "x" * 80 + "y")]
    assert {code.scheme_designator for code in codes_} == {"99LIDNETMM"}
    assert len({code.value for code in codes_}) == 3
    assert max(len(code.value) for code in codes_) <= 16
    assert finding_code("Lesion").value == "52988006"


def errors_of(path):
    """Lines in which dciodvfy calls something an error."""
    done = subprocess.run([DCIODVFY, str(path)], capture_output=True, text=True, check=False)
    return {line for line in (done.stderr + done.stdout).splitlines() if "Error" in line}


@pytest.mark.skipif(DCIODVFY is None, reason="dciodvfy is not installed (Debian's dicom3tools)")
@pytest.mark.parametrize("found", [True, False])
def test_dciodvfy_finds_no_error(series, tmp_path, found):
    assert errors_of(write(series, tmp_path / "r.dcm", series.lesions if found else [])) == set()


def test_nodule_of_a_real_series_lies_where_simpleitk_says(real_data, tmp_path):
    folder = real_data / "lidc_series"
    if not folder.is_dir():
        pytest.skip("no LIDC series in the real data")
    volume = open_volume(folder / "dicom")
    boxes = []
    for entry in json.loads((folder / "nodules.json").read_text()):
        index = volume.sop_instance_uids.index(entry["sop_instance_uid"])
        mean = np.mean(entry["reader_boxes_xyxy"], axis=0)
        boxes.append(SliceBox(index, "nodule", tuple(mean.tolist()), 1.0))
    (lesion,) = join_boxes(boxes[::-1], volume)
    assert (lesion.first_slice, lesion.last_slice) == (18, 26)

    reader = SimpleITK.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder / "dicom")))
    image = reader.Execute()

    def place(index, x, y):
        return image.TransformContinuousIndexToPhysicalPoint((x - 0.5, y - 0.5, index))

    middles, areas = [], []
    for box in lesion.boxes:
        x1, y1, x2, y2 = box.box
        middles.append(place(box.slice_index, (x1 + x2) / 2, (y1 + y2) / 2))
        areas.append((x2 - x1) * (y2 - y1))
    np.testing.assert_allclose(
        lesion.centre_mm, np.average(middles, axis=0, weights=areas), atol=0.01
    )
    assert lesion.extent_mm == pytest.approx(9 * 2.5)

    headers = [pydicom.dcmread(path, stop_before_pixels=True) for path in volume.slice_files]
    path = tmp_path / "report.dcm"
    write_structured_report(path, [lesion], headers, volume.stored_pixel, ALGORITHM, "seed")
    (group,) = groups_of(pydicom.dcmread(path))
    corners = corners_mm(items(group, "Image Region")[0], headers)
    x1, y1, x2, y2 = lesion.key_box.box
    truth = [place(lesion.key_slice, *corner) for corner in ((x1, y1), (x2, y1), (x2, y2))]
    np.testing.assert_allclose(corners[:3], truth, atol=0.01)
    sides = np.linalg.norm(np.diff(truth, axis=0), axis=1)
    assert lesion.diameter_mm == pytest.approx(sides.max(), abs=0.01)
    if DCIODVFY is not None:
        assert errors_of(path) <= errors_of(volume.slice_files[0])
