"""The same CT slices as NIfTI, DICOM, PNG, in the cache, and as raw float32, for ``data.py``."""

import contextlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import nibabel
import numpy as np
from mmdet.utils import register_all_modules
from phantom_volume import make_volume
from PIL import Image
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

from lidnet_mm.datasets.ct_lesion_dataset import CTLesionDataset

RAW, NIFTI, DICOM, PNG, CACHE, FILLING = (
    "raw float32, memory-mapped",
    "NIfTI, .nii.gz",
    "DICOM, uncompressed",
    "PNG, 16 bits",
    "cache",
    "cache, being filled from NIfTI",
)
FOLDERS = {RAW: "raw", NIFTI: "nifti", DICOM: "dicom", PNG: "png", CACHE: "cache", FILLING: "cache"}
SPACING, THICKNESS = (0.7, 0.7), 1.5


class RawSlices:
    """The limit: slices copied from one memory-mapped file of float32.

    Args:
        folder: Where ``make`` wrote them.
        slices: How many.
        size: Their side in pixels.
    """

    def __init__(self, folder: Path, slices: int, size: int) -> None:
        self.pixels = np.memmap(folder / "slices", np.float32, "r", shape=(slices, size, size))

    def __len__(self) -> int:
        """Number of slices."""
        return len(self.pixels)

    def __getitem__(self, index: int) -> dict:
        """A slice as the pipeline's ``img``."""
        return {"img": np.array(self.pixels[index])}


def open_set(source: str, folder: Path, slices: int, size: int) -> RawSlices | CTLesionDataset:
    """The data set of one of the sources.

    Args:
        source: One of ``FOLDERS``.
        folder: Where ``make`` wrote them.
        slices: How many slices the set has.
        size: Their side in pixels.

    Returns:
        A data set whose samples hold ``img``, (size, size) float32 in HU.
    """
    if source == RAW:
        return RawSlices(folder / FOLDERS[RAW], slices, size)
    register_all_modules(init_default_scope=True)
    cached = source in (CACHE, FILLING)
    files = NIFTI if cached else source
    load = {"type": "lidnet_mm.LoadCTSlice"}
    if cached:
        load["cache_dir"] = str(folder / FOLDERS[CACHE])
    with contextlib.redirect_stdout(sys.stderr):  # pycocotools tells of its progress
        return CTLesionDataset(
            ann_file=str(folder / f"{FOLDERS[files]}_{slices}.json"),
            data_root=str(folder / FOLDERS[files]),
            pipeline=[load],
        )


def make(folder: Path, counts: list[int], depth: int, size: int) -> None:
    """Write a thorax-like phantom with noise in every form, and the json of each set.

    Args:
        folder: An empty folder.
        counts: Numbers of slices of the sets; a smaller one is the beginning of a larger one.
        depth: Slices of a volume.
        size: Side of a slice in pixels.
    """
    for source in (RAW, NIFTI, DICOM, PNG):
        (folder / FOLDERS[source]).mkdir()
    generator = np.random.default_rng(0)
    records = {NIFTI: [], DICOM: [], PNG: []}
    with (folder / FOLDERS[RAW] / "slices").open("wb") as raw:
        for number in range(max(counts) // depth):
            volume = make_volume(generator, depth, size)
            raw.write(volume.astype(np.float32).tobytes())
            for source, names in (
                (NIFTI, write_nifti(volume, folder / FOLDERS[NIFTI], number)),
                (DICOM, write_dicom(volume, folder / FOLDERS[DICOM], number)),
                (PNG, _write_png(volume, folder / FOLDERS[PNG], number)),
            ):
                records[source] += [
                    _record(number, name, index, size, single=source == PNG)
                    for index, name in enumerate(names)
                ]
    for source, entries in records.items():
        for id_, entry in enumerate(entries):
            entry["id"] = id_
        for count in counts:
            content = {
                "images": entries[:count],
                "annotations": [],
                "categories": [{"id": 1, "name": "lesion"}],
            }
            path = folder / f"{FOLDERS[source]}_{count}.json"
            path.write_text(json.dumps(content))


def _record(number: int, name: str, index: int, size: int, single: bool) -> dict:
    """The image record of a slice."""
    return {
        "file_name": name,
        "slice_index": index,
        "slice_in_file": 0 if single else index,
        "height": size,
        "width": size,
        "spacing": list(SPACING),
        "slice_thickness": THICKNESS,
        "patient_id": f"case_{number:04d}",
    }


def write_nifti(volume: np.ndarray, folder: Path, number: int) -> list[str]:
    """One compressed file; its name for each slice."""
    affine = np.diag([-SPACING[1], -SPACING[0], THICKNESS, 1])
    name = f"case_{number:04d}.nii.gz"
    nibabel.save(nibabel.Nifti1Image(volume.transpose(2, 1, 0), affine), folder / name)
    return [name] * len(volume)


def _write_png(volume: np.ndarray, folder: Path, number: int) -> list[str]:
    """A file a slice, HU + 32768 as in DeepLesion; their names."""
    names = []
    for index, plane in enumerate(volume):
        names.append(f"case_{number:04d}_{index:04d}.png")
        Image.fromarray((plane.astype(np.int32) + 32768).astype(np.uint16)).save(folder / names[-1])
    return names


def write_dicom(volume: Sequence[np.ndarray], folder: Path, number: int) -> list[str]:
    """A folder with a series; its name for each slice."""
    name, study, series = f"case_{number:04d}", generate_uid(), generate_uid()
    (folder / name).mkdir()
    for index, plane in enumerate(volume):
        meta = FileMetaDataset()
        meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = (
            CTImageStorage,
            generate_uid(),
        )
        meta.TransferSyntaxUID = ExplicitVRLittleEndian
        path = folder / name / f"{index:04d}.dcm"
        dataset = FileDataset(path, Dataset(), file_meta=meta, preamble=bytes(128))
        dataset.SOPClassUID, dataset.SOPInstanceUID = CTImageStorage, meta[0x20003].value
        dataset.Modality, dataset.PatientID = "CT", name
        dataset.StudyInstanceUID, dataset.SeriesInstanceUID = study, series
        dataset.InstanceNumber = index + 1
        dataset.ImagePositionPatient = [0, 0, index * THICKNESS]
        dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        dataset.PixelSpacing, dataset.SliceThickness = list(SPACING), THICKNESS
        dataset.Rows, dataset.Columns = plane.shape
        dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
        dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 16, 15
        dataset.PixelRepresentation = 1
        dataset.RescaleSlope, dataset.RescaleIntercept = 1, 0
        dataset.PixelData = plane.tobytes()
        dataset.save_as(path, enforce_file_format=True)
    return [name] * len(volume)
