"""Line integrals of slices and their back-projection, in plain PyTorch.

Both directions are sums of table rows chosen by an index, which is what
``torch.nn.functional.embedding_bag`` computes in one pass: a bag is a ray (forward) or a pixel
(back), its entries are the interpolation taps. The turned and mirrored copies of the slice that
share an index table (see `ViewSymmetry`), times the slices of the batch, are the
contiguous last dimension of the table. Linear interpolation ``f_i + a (f_{i+1} - f_i)`` takes one
plain bag over ``f`` and one bag over the differences with weights ``a``.
"""

import math

import torch
from torch import Tensor
from torch.nn.functional import embedding_bag

from .geometry import Geometry
from .symmetry import ViewSymmetry

TABLE_ENTRIES = 1 << 20
"""Entries of the index tables built at a time: the tables of a whole scan would take gigabytes."""

LINES_AT_ONCE = 32
"""Rows or columns that all rays cross before the next ones: what a processor's cache holds."""

SLICES_AT_ONCE = 4
"""Slices that share an index table: enough to hide its cost, few enough for the cache."""


def forward_project(image: Tensor, pixel_spacing: float, geometry: Geometry) -> Tensor:
    """Line integrals by Joseph's method: linear interpolation on each row or column crossed.

    Source: P. M. Joseph, IEEE Trans. Med. Imaging 1 (1982) 192.

    Args:
        image: slices (N, n, n), float32, in 1/mm; zero outside.
        pixel_spacing: side of a pixel in mm.
        geometry: the scan.

    Returns:
        Line integrals (N, M, D), M views and D channels, without unit.

    Raises:
        ValueError: if the slices are not square.
    """
    if image.ndim != 3 or image.shape[1] != image.shape[2]:
        raise ValueError(
            f"image is {tuple(image.shape)}: give slices (N, n, n), padded to squares with zeros"
        )
    chunks = image.split(SLICES_AT_ONCE)
    return torch.cat([_forward(chunk, pixel_spacing, geometry) for chunk in chunks])


def back_project(
    sinogram: Tensor, size: int, pixel_spacing: float, geometry: Geometry, weight_power: int = 1
) -> Tensor:
    """Sum over views of the linearly interpolated, distance-weighted projection at each pixel.

    Args:
        sinogram: projections (N, M, D), float32.
        size: side n of the slices in pixels.
        pixel_spacing: side of a pixel in mm.
        geometry: the scan; its detector has to cover the whole slice.
        weight_power: power of the distance weight; 2 propagates variances.

    Returns:
        Slices (N, n, n): the sum, not yet multiplied by the angle between views.

    Raises:
        ValueError: if the sinogram's shape is not that of the geometry, or the detector does not
            cover the slice.
    """
    _check_shape(sinogram, geometry)
    _check_cover(size, pixel_spacing, geometry)
    chunks = sinogram.split(SLICES_AT_ONCE)
    return torch.cat(
        [_back(chunk, size, pixel_spacing, geometry, weight_power) for chunk in chunks]
    )


def _forward(image: Tensor, pixel_spacing: float, geometry: Geometry) -> Tensor:
    """`forward_project` of a few slices."""
    symmetries = geometry.symmetries()
    copies = [symmetry.apply(image) for symmetry in symmetries]
    phi, distance = geometry.rays(symmetries[0].views)
    if geometry.half_turn_reverses:
        copies += [copy.flip(-2, -1) for copy in copies]
        distance = distance[:, geometry.num_detectors // 2 :]
    by_row = phi.cos().abs() >= phi.sin().abs()
    lines, steps = _line_tables(copies, with_columns=not by_row.all())
    block = _block(distance.shape[1] * LINES_AT_ONCE)
    sums = [
        _integrate(lines, steps, image.shape[-1], angle, distance / pixel_spacing)
        for angle in phi.split(block)
    ]
    projections = torch.cat(sums).unflatten(-1, (len(copies), -1)).permute(2, 3, 0, 1)
    if geometry.half_turn_reverses:
        right, left = projections.chunk(2)
        left = left[..., geometry.num_detectors % 2 :]
        projections = torch.cat((left.flip(-1), right), -1)
    return _gather_views(projections, symmetries, geometry.num_views).mul_(pixel_spacing)


def _back(
    sinogram: Tensor, size: int, pixel_spacing: float, geometry: Geometry, weight_power: int
) -> Tensor:
    """`back_project` of a few slices."""
    symmetries = geometry.symmetries()
    copies = [_base_views(sinogram, symmetry) for symmetry in symmetries]
    rows = size
    if geometry.half_turn_reverses:
        copies += [copy.flip(-1) for copy in copies]
        rows = (size + 1) // 2
    table, steps = _channel_tables(copies)
    base = symmetries[0].views
    start = torch.arange(len(base), dtype=torch.int32, device=table.device) * sinogram.shape[-1]
    axis = _pixel_centres(size, pixel_spacing, sinogram.device)
    sums = [
        _smear(table, steps, start, *geometry.locate(axis, y, base), weight_power)
        for y in axis[:rows].split(_block(size * len(base)))
    ]
    images = torch.cat(sums).unflatten(-1, (len(copies), -1)).permute(1, 2, 0)
    images = images.unflatten(2, (rows, size))
    if geometry.half_turn_reverses:
        upper, lower = images.chunk(2)
        images = torch.cat((upper, lower[:, :, : size - rows].flip(-2, -1)), -2)
    return torch.stack([s.undo(image) for s, image in zip(symmetries, images, strict=True)]).sum(0)


def _line_tables(copies: list[Tensor], with_columns: bool) -> tuple[Tensor, Tensor]:
    """Rows (and columns) of all copies as table rows (n (n+4), copies * N), and differences."""
    count, size = copies[0].shape[:2]
    lines = copies[0].new_zeros(1 + with_columns, size, size + 4, len(copies), count)
    for number, copy in enumerate(copies):
        lines[0, :, 2:-2, number] = copy.permute(1, 2, 0)
        if with_columns:
            lines[1, :, 2:-2, number] = copy.permute(2, 1, 0)
    lines = lines.view(-1, len(copies) * count)
    return lines, _steps(lines)


def _channel_tables(copies: list[Tensor]) -> tuple[Tensor, Tensor]:
    """Channels of the base views of all copies as table rows (B D, copies * N), and differences."""
    count, views, channels = copies[0].shape
    table = copies[0].new_empty(views, channels, len(copies), count)
    for number, copy in enumerate(copies):
        table[:, :, number] = copy.permute(1, 2, 0)
    table = table.view(-1, len(copies) * count)
    return table, _steps(table)


def _steps(rows: Tensor) -> Tensor:
    """Next row minus this one; zero for the last."""
    steps = torch.zeros_like(rows)
    torch.sub(rows[1:], rows[:-1], out=steps[:-1])
    return steps


def _integrate(lines: Tensor, steps: Tensor, size: int, phi: Tensor, distance: Tensor) -> Tensor:
    """Integrals (V, D, copies * N) along the rays of some views, with the pixel as unit."""
    by_row = phi.cos().abs() >= phi.sin().abs()
    across = torch.where(by_row, phi.cos(), phi.sin())
    along = torch.where(by_row, phi.sin(), phi.cos())
    centre = (size - 1) / 2
    start = (distance / across + centre + 2)[..., None].to(lines)
    slope = (-along / across)[..., None].to(lines)
    first_row = (
        torch.where(by_row, 0, size * (size + 4)).to(torch.int32)[..., None].to(lines.device)
    )
    total = lines.new_zeros(start.shape[0] * start.shape[1], lines.shape[-1])
    for line in torch.arange(size, dtype=torch.int32, device=lines.device).split(LINES_AT_ONCE):
        position = torch.addcmul(start, slope, line - centre).clamp_(0, size + 2)
        index = position.to(torch.int32)
        index += first_row + line * (size + 4)
        fraction = position.frac_().flatten(0, 1)
        total += _interpolated_sum(lines, steps, index.flatten(0, 1), None, fraction)
    return total.unflatten(0, start.shape[:2]) / across.abs()[..., None].to(lines)


def _smear(
    table: Tensor, steps: Tensor, start: Tensor, channel: Tensor, weight: Tensor | None, power: int
) -> Tensor:
    """Back-projection (P, copies * N) onto some rows, given each pixel's channel in all views."""
    index = channel.to(torch.int32)
    index += start
    fraction = channel.frac_()
    if weight is not None:
        weight = (weight if power == 1 else weight**power).flatten(0, 1)
        fraction.flatten(0, 1).mul_(weight)
    return _interpolated_sum(table, steps, index.flatten(0, 1), weight, fraction.flatten(0, 1))


def _interpolated_sum(
    values: Tensor, steps: Tensor, index: Tensor, weight: Tensor | None, fraction: Tensor
) -> Tensor:
    """Sum over each row of `index` of ``weight * value + fraction * step``."""
    total = embedding_bag(index, values, mode="sum", per_sample_weights=weight)
    return total.add_(embedding_bag(index, steps, mode="sum", per_sample_weights=fraction))


def _gather_views(copies: Tensor, symmetries: list[ViewSymmetry], num_views: int) -> Tensor:
    """Order the base views of all copies (copies, N, B, D) as views of the slice (N, M, D)."""
    sinogram = copies.new_empty(copies.shape[1], num_views, copies.shape[-1])
    for symmetry, copy in zip(symmetries, copies, strict=True):
        sinogram[:, symmetry.views] = copy.flip(-1) if symmetry.reversed_detector else copy
    return sinogram


def _base_views(sinogram: Tensor, symmetry: ViewSymmetry) -> Tensor:
    """Views (N, B, D) of the slice that are the base views of its copy."""
    views = sinogram[:, symmetry.views]
    return views.flip(-1) if symmetry.reversed_detector else views


def _pixel_centres(size: int, pixel_spacing: float, device: torch.device) -> Tensor:
    """Positions (n,) of rows or columns in mm."""
    axis = torch.arange(size, dtype=torch.float32, device=device)
    return (axis - (size - 1) / 2) * pixel_spacing


def _block(entries_per_view: int) -> int:
    return max(1, TABLE_ENTRIES // entries_per_view)


def _check_shape(sinogram: Tensor, geometry: Geometry) -> None:
    expected = (geometry.num_views, geometry.num_detectors)
    if sinogram.ndim != 3 or sinogram.shape[1:] != expected:
        raise ValueError(
            f"sinogram is {tuple(sinogram.shape)}: give (N, {expected[0]}, {expected[1]}), slices, "
            "views and channels of the geometry"
        )


def _check_cover(size: int, pixel_spacing: float, geometry: Geometry) -> None:
    reach = math.sqrt(0.5) * (size - 1) * pixel_spacing
    if reach > geometry.radius:
        raise ValueError(
            f"the corners of a slice of {size} pixels of {pixel_spacing} mm lie {reach:.1f} mm "
            f"from the isocentre, but the detector sees {geometry.radius:.1f} mm only: use "
            f"{type(geometry).__name__}.covering(size, pixel_spacing)"
        )
