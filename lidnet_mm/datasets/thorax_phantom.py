"""A procedural thorax as a scanner would show it: chest CT that needs no download.

Anatomy is drawn from a seed as shapes in millimetres, painted on a grid finer than the image,
averaged to voxels, blurred by the scanner's point spread function and given tissue texture and
noise. Every patient differs in size, fat, lungs, heart, ribs, vessels and nodules.
"""

import gzip
from dataclasses import dataclass
from pathlib import Path

import nibabel as nib
import numpy as np
from mmengine.logging import MMLogger
from scipy import ndimage

from lidnet_mm.atomic_write import write_whole
from lidnet_mm.datasets.converters.output.staged_folder import check_destination, staged_folder
from lidnet_mm.datasets.nodules.grid import Grid
from lidnet_mm.datasets.nodules.nodule import Nodule
from lidnet_mm.datasets.phantom.chest_wall import (
    AIR,
    paint_chest_wall,
    paint_scapulae,
    paint_table,
    paint_upper_abdomen,
)
from lidnet_mm.datasets.phantom.lung_vessels import lung_vessels
from lidnet_mm.datasets.phantom.lungs import lung_distance
from lidnet_mm.datasets.phantom.mediastinum import (
    airways,
    great_vessels,
    paint_gullet,
    paint_heart,
)
from lidnet_mm.datasets.phantom.nodules import DIAMETERS, paint_nodule, place_nodules
from lidnet_mm.datasets.phantom.section import Section
from lidnet_mm.datasets.phantom.shapes import paint
from lidnet_mm.datasets.phantom.skeleton import paint_skeleton
from lidnet_mm.datasets.phantom.texture import scanner_noise, smooth_noise
from lidnet_mm.datasets.phantom.thorax_shape import ThoraxShape
from lidnet_mm.datasets.phantom.tubes import paint_tubes

COMPRESSION = 1
"""Of ``.nii.gz``."""

FINEST_VOXEL = 1.2
"""Shapes are painted on voxels of at most this size in plane, mm."""

FINEST_SLICE = 1.6
"""The same along the slices, mm."""

LEVELS = (-32.0, 58.0)
"""Range of the height of a patient's middle slice above the middle of the heart, mm."""


@dataclass(frozen=True)
class PhantomScan:
    """How a phantom is imaged.

    Attributes:
        image_size: Rows and columns.
        field_of_view_mm: Width of the image in mm.
        slices: Number of slices.
        slice_thickness: Thickness and distance of the slices in mm.
        noise_hu: Standard deviation of the scanner's noise in HU.
        psf_pixels: Standard deviation of the point spread function in pixels.
    """

    image_size: int = 160
    field_of_view_mm: float = 340.0
    slices: int = 12
    slice_thickness: float = 3.0
    noise_hu: float = 10.0
    psf_pixels: float = 0.45

    def __post_init__(self) -> None:
        """Refuse impossible settings."""
        if self.image_size < 32 or self.slices < 1:
            raise ValueError(
                f"image size {self.image_size} and slices {self.slices}: give at least 32 and 1"
            )
        if min(self.field_of_view_mm, self.slice_thickness) <= 0 or self.noise_hu < 0:
            raise ValueError(
                "field of view and slice thickness must be above 0 mm, noise not below 0"
            )

    @property
    def pixel(self) -> float:
        """Pixel spacing in mm."""
        return self.field_of_view_mm / self.image_size

    @property
    def affine(self) -> np.ndarray:
        """(4, 4) affine of the volume stored as [column, row, slice]: axes L, P, S."""
        middle = (self.image_size - 1) / 2 * self.pixel
        affine = np.diag([-self.pixel, -self.pixel, self.slice_thickness, 1.0])
        affine[:2, 3] = middle
        return affine


@dataclass(frozen=True)
class ThoraxPhantom:
    """One patient.

    Attributes:
        image: (S, H, W) int16 HU; rows towards posterior, columns left, slices superior.
        mask: (S, H, W) uint8, 1 where at least half of the voxel is nodule.
        heights: (S,) z of the slices in mm, in which the nodules' centres are given.
        nodules: What was painted.
        shape: The patient.
        scan: How it was imaged.
    """

    image: np.ndarray
    mask: np.ndarray
    heights: np.ndarray
    nodules: tuple[Nodule, ...]
    shape: ThoraxShape
    scan: PhantomScan


def make_thorax_phantom(
    scan: PhantomScan | None = None,
    seed: int | tuple[int, ...] = 0,
    diameters: tuple[float, float] = DIAMETERS,
) -> ThoraxPhantom:
    """Make one patient.

    Args:
        scan: How it is imaged.
        seed: Same seed, scan and diameters, same patient.
        diameters: Range of the nodules' mean diameter in mm.

    Returns:
        Image, mask and what they were made from.

    Raises:
        ValueError: The diameters are no range above 0, or nothing fits into the field of view.
    """
    if not 0 < diameters[0] <= diameters[1]:
        raise ValueError(f"nodule diameters {diameters}: give two increasing lengths in mm")
    scan = scan or PhantomScan()
    rng = np.random.default_rng(seed)
    shape = ThoraxShape.draw(rng)
    heights = rng.uniform(*LEVELS) + _centred(scan.slices, scan.slice_thickness)
    fine, factors = _fine_grid(scan, heights)
    hu, lung, depth = _paint_sections(shape, fine, rng)
    _paint_vessels(hu, shape, fine, rng)
    nodules = place_nodules(fine, depth, heights, rng, diameters)
    extent = np.zeros_like(hu)
    for nodule in nodules:
        paint_nodule(hu, extent, fine, nodule, lung, rng)
    image = _scan(_average(hu, factors), _average(lung, factors), scan, rng)
    mask = (_average(extent, factors) >= 0.5).astype(np.uint8)
    return ThoraxPhantom(image, mask, heights, tuple(nodules), shape, scan)


def write_thorax_phantoms(
    out: Path,
    patients: int,
    scan: PhantomScan | None = None,
    seed: int = 0,
    diameters: tuple[float, float] = DIAMETERS,
) -> None:
    """Write patients as ``patient_000/image.nii.gz`` and ``patient_000/mask.nii.gz``.

    Args:
        out: Folder to write, whole or not at all; absent or empty.
        patients: How many, at least 1.
        scan: How they are imaged.
        seed: Same seed and scan, same patients; a patient does not depend on their number.
        diameters: Range of the nodules' mean diameter in mm.

    Raises:
        ValueError: No patients, or a folder that is in use (``ConversionError``).
    """
    if patients < 1:
        raise ValueError(f"{patients} patients: give at least 1")
    out = Path(out)
    check_destination(out, overwrite=None)
    with staged_folder(out) as staging:
        for number in range(patients):
            phantom = make_thorax_phantom(scan, (seed, number), diameters)
            _write(phantom, staging / f"patient_{number:03d}")
            MMLogger.get_current_instance().info(
                "patient_%03d: %d nodules, %d of %d slices with lesion",
                number,
                len(phantom.nodules),
                int(phantom.mask.any(axis=(1, 2)).sum()),
                len(phantom.mask),
            )


def _write(phantom: ThoraxPhantom, folder: Path) -> None:
    """Write one patient's image and mask."""
    folder.mkdir()
    for name, volume in (("image", phantom.image), ("mask", phantom.mask)):
        stored = nib.Nifti1Image(volume.transpose(2, 1, 0), phantom.scan.affine)
        stored.header.set_xyzt_units("mm")
        packed = gzip.compress(stored.to_bytes(), COMPRESSION, mtime=0)
        write_whole(folder / f"{name}.nii.gz", packed)


def _centred(count: int, step: float) -> np.ndarray:
    """``count`` places ``step`` apart around 0."""
    return (np.arange(count) - (count - 1) / 2) * step


def _fine_grid(scan: PhantomScan, heights: np.ndarray) -> tuple[Grid, tuple[int, int]]:
    """The grid on which shapes are painted, and its voxels per voxel: along z, in plane."""
    in_plane = int(np.ceil(scan.pixel / FINEST_VOXEL))
    along = int(np.ceil(scan.slice_thickness / FINEST_SLICE))
    axis = _centred(scan.image_size * in_plane, scan.pixel / in_plane).astype(np.float32)
    sub = _centred(along, scan.slice_thickness / along)
    z = (heights[:, None] + sub[None]).ravel().astype(np.float32)
    return Grid(axis, axis, z), (along, in_plane)


def _paint_sections(
    shape: ThoraxShape, grid: Grid, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Paint everything but tubes and nodules; return HU, fraction of lung, depth in it in mm."""
    size = len(grid.x)
    volume = np.full((len(grid.z), size, size), AIR, dtype=np.float32)
    lungs, depth = np.zeros_like(volume), np.zeros_like(volume)
    streaks = smooth_noise((len(grid.z), size, size), (2.0, 1.6, 1.6), rng)
    plane = Section.make(size, grid.voxel)
    for index, z in enumerate(grid.z):
        section = plane.at(float(z))
        lungs[index], distance = _paint_section(volume[index], shape, section, streaks[index])
        depth[index] = -distance
    return volume, lungs, depth


def _paint_section(
    hu: np.ndarray, shape: ThoraxShape, section: Section, streaks: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Paint one section from outside to inside; return fraction of and distance to the lungs."""
    paint_table(hu, shape, section)
    paint_chest_wall(hu, shape, section, streaks)
    paint_scapulae(hu, shape, section)
    paint_upper_abdomen(hu, shape, section, streaks)
    paint_heart(hu, shape, section, streaks)
    paint_gullet(hu, shape, section)
    gravity = 45 * section.y / shape.cage_depth
    distance = lung_distance(shape, section.x, section.y, section.z)
    lung = paint(hu, distance, shape.lung_hu + gravity, section.voxel)
    paint_skeleton(hu, shape, section, streaks)
    return lung, distance


def _paint_vessels(
    hu: np.ndarray, shape: ThoraxShape, grid: Grid, rng: np.random.Generator
) -> None:
    """Paint great vessels, airways and the trees of the lungs."""
    vessels, walls, air = lung_vessels(shape, float(grid.z[0]), float(grid.z[-1]), rng)
    main_walls, main_air = airways()
    for tubes in (vessels, great_vessels(shape), walls, main_walls, air, main_air):
        paint_tubes(hu, grid, tubes)


def _average(volume: np.ndarray, factors: tuple[int, int]) -> np.ndarray:
    """Average fine voxels to voxels."""
    along, across = factors
    slices, size = volume.shape[0] // along, volume.shape[1] // across
    return volume.reshape(slices, along, size, across, size, across).mean(axis=(1, 3, 5))


def _scan(
    hu: np.ndarray, lung: np.ndarray, scan: PhantomScan, rng: np.random.Generator
) -> np.ndarray:
    """Add texture, blur and noise; return int16 HU."""
    parenchyma = 16 * smooth_noise(hu.shape, (0.6, 1.0, 1.0), rng)
    parenchyma += 14 * smooth_noise(hu.shape, (2.0, 6.0, 6.0), rng)
    hu = hu + lung * parenchyma
    hu = ndimage.gaussian_filter(hu, (0, scan.psf_pixels, scan.psf_pixels), mode="nearest")
    attenuation = np.clip(1 + hu / 1000, 0.4, 1.0)
    hu = hu + scan.noise_hu * attenuation * scanner_noise(hu.shape, rng)
    return np.clip(np.rint(hu), -1024, 3071).astype(np.int16)
