"""Names planted in all places of the sources: where they are after ``tools/denoise.py``."""

import gzip
import importlib.util
from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest
import SimpleITK
from dicom_files import ct_slice, save_dicom
from PIL import Image
from PIL.PngImagePlugin import PngInfo

PLANTED = "Planted"

OF_A_REPORT = {
    *("PatientName", "PatientID", "PatientBirthDate", "StudyDate", "StudyDescription"),
    *("ReferringPhysicianName", "AccessionNumber"),
}
"""Patient and study, which DICOM needs to put a report where it belongs."""

OF_AN_IMAGE = {*OF_A_REPORT, "InstitutionName", "PatientAge"}
"""What a derived image says as its source does."""


def body(seed: int) -> np.ndarray:
    """(64, 64) HU with air and tissue."""
    generator = np.random.default_rng(seed)
    hu = generator.normal(-1000, 10, (64, 64))
    hu[10:] = generator.normal(30, 40, (54, 64))
    return np.rint(hu).astype(np.int16)


def dicom_image(index: int) -> pydicom.Dataset:
    """A CT image full of names, many where none may be."""
    image = ct_slice((body(index) + 1024).astype(np.uint16), (0, 0, 3.0 * index), "HFS")
    image.SeriesInstanceUID, image.SOPInstanceUID = "1.2.03.4", f"1.2.03.4.{index}"  # no such UIDs
    for keyword in {*OF_AN_IMAGE, "ImageComments"}:
        setattr(image, keyword, f"{PLANTED}, in a place where it must not be")
    block = image.private_block(0x0009, f"{PLANTED} maker", create=True)
    block.add_new(1, "LO", PLANTED)
    return image


def write_dicom(folder: Path) -> None:
    """A series, a damaged one and an MR, with a name before each header."""
    for index in range(4):
        save_dicom(dicom_image(index), folder / "series" / f"{index}.dcm")
    damaged, mr = dicom_image(8), dicom_image(9)
    damaged.SeriesInstanceUID, damaged.PixelData = "1.2.8", damaged.PixelData[:100]
    mr.Modality, mr.SOPClassUID = "MR", "1.2.840.10008.5.1.4.1.1.4"
    save_dicom(damaged, folder / "damaged" / "a.dcm")
    save_dicom(mr, folder / "series" / "mr.dcm")
    for path in folder.rglob("*.dcm"):
        path.write_bytes(PLANTED.encode().ljust(128, b" ") + path.read_bytes()[128:])


def write_others(folder: Path) -> None:
    """NIfTI, MetaImage, NRRD and PNG with comments."""
    folder.mkdir(parents=True)
    hu = np.stack([body(index) for index in range(3)])
    image = nibabel.Nifti1Image(hu.T, np.diag([-0.7, -0.7, 3, 1]))
    for field in ("descrip", "aux_file", "intent_name"):
        image.header[field] = PLANTED.encode()
    image.header.extensions.append(nibabel.nifti1.Nifti1Extension("comment", PLANTED.encode()))
    nibabel.save(image, folder / "n.nii.gz")
    image = SimpleITK.GetImageFromArray(hu)
    image.SetSpacing((0.7, 0.7, 3))
    image.SetMetaData("Comment", PLANTED)
    for suffix in ("mha", "nrrd"):
        SimpleITK.WriteImage(image, str(folder / f"{suffix}.{suffix}"))
    (folder / "png").mkdir()
    for index, plane in enumerate(hu):
        comment = PngInfo()
        comment.add_text("Comment", PLANTED)
        picture = Image.fromarray((plane.astype(int) + 32768).astype(np.uint16))
        picture.save(folder / "png" / f"{index}.png", pnginfo=comment)


@pytest.fixture(scope="module")
def denoised(tmp_path_factory, repository):
    """Output of the tool over all of it."""
    folder = tmp_path_factory.mktemp("names")
    write_dicom(folder / "in" / "dicom")
    write_others(folder / "in" / "others")
    spec = importlib.util.spec_from_file_location("tool", repository / "tools" / "denoise.py")
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    return tool.main, folder


def places(image: pydicom.Dataset) -> set[str]:
    """Keywords of the attributes, at any depth, that hold the name."""
    found = (e for e in image.iterall() if e.VR != "SQ" and PLANTED in str(e.value))
    return {element.keyword or "private" for element in found}


def test_names_are_in_dicom_alone_and_there_where_it_needs_them(denoised, capfd, recwarn):
    main, folder = denoised
    assert main([str(folder / "in"), str(folder / "out"), "--report"]) == 1
    assert not [each for each in recwarn if PLANTED in str(each.message)]
    recwarn.clear()
    said = capfd.readouterr()
    assert "is MR, not CT" in said.err and "damaged" in said.err
    assert "4 DICOM slices): denoised" in said.out
    assert PLANTED not in said.out and PLANTED not in said.err
    files = [path for path in (folder / "out").rglob("*") if path.is_file()]
    assert {path.suffix for path in files} >= {".dcm", ".csv", ".json", ".html", ".gz", ".png"}
    for path in files:
        content = path.read_bytes()
        if path.suffix == ".dcm":
            kept = OF_A_REPORT if path.name.endswith("_sr.dcm") else OF_AN_IMAGE
            assert places(pydicom.dcmread(path)) == kept, path.name
            assert not content[:128].strip(b"\0")
        else:
            content = gzip.decompress(content) if path.suffix == ".gz" else content
            assert PLANTED.encode() not in content, path.name


def test_a_series_made_of_another_format_names_nobody(denoised):
    main, folder = denoised
    source = folder / "in" / "others" / "n.nii.gz"
    out = folder / "as_dicom"
    assert main([str(source), str(out), "--format", "dicom"]) == 0
    files = list(out.rglob("*.dcm"))
    assert len(files) == 4
    for path in files:
        image = pydicom.dcmread(path)
        assert places(image) == set()
        assert not image.PatientName and not image.PatientID and not image.StudyDate
        assert image.Modality != "SR" or image.ContentDate == "19000101"
