"""The Mayo Clinic's layouts, written by PyDICOM."""

import numpy as np
import pytest
from pydicom.uid import generate_uid

from lidnet_mm.datasets.converters.conversion_error import ConversionError
from lidnet_mm.datasets.converters.source_case import UnusableCaseError
from lidnet_mm.datasets.converters.sources.mayo.mayo_ldct import MayoLdct
from lidnet_mm.datasets.ct_lesion_dataset import CTLesionDataset

ROWS, COLUMNS, SLICES = 20, 30, 5
STEP = 3.0
ALL_TRAIN = ("--split", "train=1.0")


def truth(patient, index):
    """HU of full dose."""
    return np.random.default_rng([*patient.encode(), index]).integers(-1000, 600, (ROWS, COLUMNS))


def noisy(patient, index):
    """HU of low dose."""
    noise = np.random.default_rng([*patient.encode(), index, 1]).integers(-24, 25, (ROWS, COLUMNS))
    return truth(patient, index) + noise


def names_2016(patient, dose, reconstruction="3_1"):
    """Folder, and name of slice k, in the 2016 challenge; the second number tells series apart."""
    folder = f"{patient}/{'full' if dose == 'FD' else 'quarter'}_3mm"
    series = 1 if dose == "FD" else 4
    date = "2015.12.22.18.12.07.5968.358090401"
    return (
        folder,
        lambda k: f"{patient}_{dose}_{reconstruction}.CT.{series:04d}.{k + 1:04d}.{date}.IMA",
    )


def names_tcia(patient, dose, _reconstruction=""):
    """Folder, and name of slice k, in The Cancer Imaging Archive: numbers tell no partners."""
    name = {"FD": "Full Dose Images", "QD": "Low Dose images"}[dose]
    order = np.random.default_rng(len(name)).permutation(100)
    folder = f"manifest-1/LDCT-and-Projection-data/{patient}/08-30-2018-1/1.000000-{name}-123"
    return folder, lambda k: f"1-{order[k]:03d}.dcm"


LAYOUTS = {"2016": names_2016, "TCIA": names_tcia}


@pytest.fixture(params=LAYOUTS)
def names(request):
    return LAYOUTS[request.param]


@pytest.fixture
def root(tmp_path):
    return tmp_path / "Mayo größer"


@pytest.fixture
def write_dose(root, write_ct):
    """Function that writes one dose of a patient; returns its folder."""

    def write(names, patient, dose, slices=range(SLICES), reconstruction="3_1", **changes):
        folder, name = names(patient, dose, reconstruction)
        hu = truth if dose == "FD" else noisy
        series = changes.pop("series", generate_uid())
        shift = changes.pop("shift", 0.0)
        for index in slices:
            write_ct(root / folder / name(index), hu(patient, index), patient=patient,
                     series=series, height=-STEP * index + shift, **changes)  # fmt: skip
        return root / folder

    return write


@pytest.fixture
def write_patient(write_dose):
    """Function that writes both doses of a patient."""

    def write(names, patient="L143", **changes):
        return write_dose(names, patient, "FD", **changes), write_dose(names, patient, "QD")

    return write


def check_pairs(content, patient, indices):
    """Slices of both volumes are those of the patient, from inferior."""
    assert content.volume.num_slices == content.ldct.num_slices == len(indices)
    for place, index in enumerate(sorted(indices, reverse=True)):
        full, low = (volume.read_slice(place) for volume in (content.volume, content.ldct))
        np.testing.assert_array_equal(full, truth(patient, index))
        np.testing.assert_array_equal(low, noisy(patient, index))


def test_slices_of_both_doses_are_partners(names, write_patient, find_cases, root):
    write_patient(names, "L143")
    write_patient(names, "L67")
    found = find_cases(MayoLdct(), root)
    assert [case.patient for case in found.cases] == ["L67", "L143"] and not found.left_out
    for case in found.cases:
        content = case.read()
        check_pairs(content, case.patient, range(SLICES))
        assert not content.boxes and not content.left_out


@pytest.mark.parametrize("store", ["nifti", "png"])
def test_a_whole_conversion_reads_as_pairs(names, write_patient, converted, root, tmp_path, store):
    write_patient(names, "L143")
    document = converted(MayoLdct(), root, *ALL_TRAIN, "--store", store)["train"]
    assert len(document["images"]) == SLICES and document["annotations"] == []
    out = tmp_path / "converted"
    pairs = CTLesionDataset(
        ann_file="annotations/train.json",
        data_root=str(out),
        pipeline=[{"type": "lidnet_mm.LoadCTSlice"}, {"type": "lidnet_mm.LoadPairedLDCT"}],
    )
    assert len(pairs) == SLICES
    for pair in pairs:
        index = SLICES - 1 - pair["slice_index"]
        np.testing.assert_array_equal(pair["img"][..., 0], noisy("L143", index))
        np.testing.assert_array_equal(pair["img"][..., 1], truth("L143", index))
    text = "".join(path.read_text() for path in out.rglob("*.json"))
    assert "L143" not in text and "IMA" not in text


def test_slices_without_partner_are_left_out(names, write_dose, find_cases, root):
    write_dose(names, "L143", "FD", slices=[0, 1, 2, 3])
    write_dose(names, "L143", "QD", slices=[1, 2, 3, 4])
    (case,) = find_cases(MayoLdct(), root).cases
    content = case.read()
    check_pairs(content, "L143", [1, 2, 3])
    (left,) = content.left_out
    assert (left.what, left.count) == ("slice", 2)


def test_patients_of_one_dose_are_named(names, write_patient, write_dose, find_cases, root):
    write_patient(names, "C002")
    write_dose(names, "C016", "FD")
    write_dose(names, "C021", "QD")
    found = find_cases(MayoLdct(), root)
    assert [case.patient for case in found.cases] == ["C002"]
    assert [(one.source[:4], one.reason) for one in found.left_out] == [
        ("C016", "without images of low dose"),
        ("C021", "without images of full dose"),
    ]


def test_exams_are_the_letters_of_patients(names, write_patient, find_cases, root):
    for patient in ("C002", "L004", "N005"):
        write_patient(names, patient)
    found = find_cases(MayoLdct(), root, "--exams", "c", "N")
    assert [case.patient for case in found.cases] == ["C002", "N005"]
    assert [(one.reason, one.count) for one in found.left_out] == [("of another exam", 1)]


def test_reconstructions_of_a_patient_are_volumes_of_one_patient(write_dose, find_cases, root):
    for reconstruction in ("3_1", "1_SHARP_1"):
        for dose in ("FD", "QD"):
            write_dose(names_2016, "L143", dose, reconstruction=reconstruction)
    found = find_cases(MayoLdct(), root)
    assert [(case.patient, case.series) for case in found.cases] == [
        ("L143", "1_SHARP_1"),
        ("L143", "3_1"),
    ]
    assert not found.left_out


def test_two_series_of_one_dose_are_not_guessed(names, write_patient, write_dose, find_cases, root):
    write_patient(names, "L067")
    write_patient(names, "L143")
    folder = write_dose(names, "L143", "QD", slices=[2], series="1.7.9", shift=0.5)
    found = find_cases(MayoLdct(), root)
    assert [case.patient for case in found.cases] == ["L067"]
    (left,) = (one for one in found.left_out if one.what == "volume")
    assert "several series of one dose" in left.reason and str(folder) in left.source


def test_projections_are_never_opened(write_patient, find_cases, root):
    write_patient(names_tcia, "C002")
    study = root / "manifest-1" / "LDCT-and-Projection-data" / "C002" / "08-30-2018-1"
    for name in ("1.000000-Full dose projections-1", "1.000000-Low Dose Projections-2"):
        (study / name).mkdir()
        (study / name / "1-00001.dcm").write_text("raw data")
    (study / "other").mkdir()
    (study / "other" / "1.dcm").write_text("something")
    found = find_cases(MayoLdct(), root)
    assert len(found.cases) == 1
    assert [(one.what, one.count, "other/1.dcm" in one.source) for one in found.left_out] == [
        ("file", 1, True)
    ]


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"PixelSpacing": [0.8, 0.7]}, "pixel spacing"),
        ({"ImageOrientationPatient": [-1, 0, 0, 0, -1, 0]}, "orientation"),
    ],
)
def test_partners_on_other_grids_are_unusable(names, write_dose, find_cases, root, changes, what):
    write_dose(names, "L143", "FD")
    write_dose(names, "L143", "QD", **changes)
    with pytest.raises(UnusableCaseError, match=rf"differ in {what}: .*one reconstruction") as got:
        find_cases(MayoLdct(), root).cases[0].read()
    assert "L143" not in got.value.reason and "L143" in got.value.source


def test_partners_at_other_places_are_unusable(write_dose, find_cases, root):
    write_dose(names_2016, "L143", "FD")
    write_dose(names_2016, "L143", "QD", shift=0.2)
    with pytest.raises(UnusableCaseError, match="differ in position"):
        find_cases(MayoLdct(), root).cases[0].read()
    write_dose(names_tcia, "C002", "FD")
    write_dose(names_tcia, "C002", "QD", shift=0.2)
    with pytest.raises(UnusableCaseError, match="no slice of the full dose has a partner"):
        find_cases(MayoLdct(), root, "--exams", "C").cases[0].read()


def test_two_slices_of_one_number_are_unusable(write_dose, find_cases, root):
    write_dose(names_2016, "L143", "QD")
    folder = write_dose(names_2016, "L143", "FD", series="1.7.8")
    (path,) = folder.glob("*.0001.0002.*")
    path.rename(path.with_name(path.name.replace("358090401", "358090402")))
    write_dose(names_2016, "L143", "FD", series="1.7.8", slices=[1], shift=0.5)
    (case,) = find_cases(MayoLdct(), root).cases
    with pytest.raises(UnusableCaseError, match="two slices have one number"):
        case.read()


def test_slices_of_two_spacings_are_unusable(names, write_dose, find_cases, root):
    for dose in ("FD", "QD"):
        write_dose(names, "L143", dose, slices=range(4), series=f"1.7.{ord(dose[0])}")
        write_dose(names, "L143", dose, slices=[4], series=f"1.7.{ord(dose[0])}",
                   PixelSpacing=[0.9, 0.9])  # fmt: skip
    with pytest.raises(UnusableCaseError, match="differ in PixelSpacing"):
        find_cases(MayoLdct(), root).cases[0].read()


def test_slices_without_pixels_and_copies_are_left_out(names, write_patient, find_cases, root):
    full, low = write_patient(names, "L143")
    paths = sorted(full.iterdir())
    (root / "copy").mkdir()
    copied = root / "copy" / full.name
    copied.mkdir()
    (copied / paths[0].name).write_bytes(paths[0].read_bytes())
    path = sorted(low.iterdir())[0]
    path.write_bytes(path.read_bytes()[:200])
    found = find_cases(MayoLdct(), root)
    content = found.cases[0].read()
    assert content.volume.num_slices == content.ldct.num_slices == SLICES - 1
    assert sorted(one.what for one in found.left_out) == ["file", "file"]


def test_another_folder_is_refused_with_what_it_holds(names, write_dose, find_cases, root):
    root.mkdir()
    with pytest.raises(ConversionError, match=r"no L143_FD_3_1.*Full Dose.*holds nothing"):
        find_cases(MayoLdct(), root)
    write_dose(names, "L143", "FD")
    with pytest.raises(ConversionError, match="none of 1 scans has one series of full and one of"):
        find_cases(MayoLdct(), root)
