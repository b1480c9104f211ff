"""Denoising of slices that are too large for the memory of a device, tile by tile."""

from typing import NamedTuple

from torch import Tensor, nn


class Span(NamedTuple):
    """One tile along one axis, in pixels of the slice.

    Attributes:
        tile (slice): What the generator sees.
        core (slice): What is kept of its output.
    """

    tile: slice
    core: slice


class TileSettings(NamedTuple):
    """How a slice is cut.

    Attributes:
        tile_size (int): Side of the tiles in pixels.
        overlap (int): Pixels that a tile sees beyond what is kept of it.
    """

    tile_size: int
    overlap: int

    @classmethod
    def of(cls, generator: nn.Module, config: dict) -> "TileSettings":
        """Settings from a ``test_cfg``.

        Args:
            generator (nn.Module): The generator.
            config (dict): ``tile_size`` and, if not the generator's, ``tile_overlap``.

        Returns:
            TileSettings: The settings.

        Raises:
            ValueError: If there is another key or no size, or as in :func:`tile_overlap`.
        """
        unknown = sorted(set(config) - {"tile_size", "tile_overlap"})
        if unknown or config.get("tile_size") is None:
            found = f"unknown {unknown}" if unknown else "no tile_size"
            raise ValueError(f"test_cfg takes tile_size and tile_overlap, in pixels: {found}")
        size = config["tile_size"]
        return cls(size, tile_overlap(generator, size, config.get("tile_overlap")))


def denoise_in_tiles(
    generator: nn.Module, x: Tensor, tile_size: int, overlap: int | None = None
) -> Tensor:
    """Denoise a batch tile by tile, so that the memory needed is that of N tiles.

    Tiles end where the slice ends and are not padded: at a border of the slice the generator sees
    that border, whatever it does there. Of each tile only the pixels at least ``overlap`` away
    from where the slice was cut are kept. With an overlap of the generator's ``receptive_radius``
    or more these have seen all that they depend on, so that the result is that of the whole slice
    up to the rounding of sums in another order: the convolutions of different sizes may be
    computed by different kernels, which is 1e-12 in float64 and 1e-5 in float32 for outputs in
    [0, 1]. A smaller overlap saves time and leaves seams.

    All tiles have one shape; the last ones are moved inwards. An axis that is not longer than a
    tile is not cut. Call it without gradient: with it all tiles' activations are kept.

    Args:
        generator (nn.Module): From (N, 1, h, w) to (N, 1, h, w), in eval mode.
        x (Tensor): LDCT, (N, 1, H, W), [0, 1].
        tile_size (int): Side of the tiles in pixels.
        overlap (int, optional): Pixels that a tile sees beyond what is kept of it. Defaults to
            the generator's ``receptive_radius``.

    Returns:
        Tensor: Denoised CT, (N, 1, H, W).

    Raises:
        ValueError: If ``x`` has not four dimensions, or as in :func:`tile_overlap`.
    """
    overlap = tile_overlap(generator, tile_size, overlap)
    if x.ndim != 4:
        raise ValueError(f"denoise_in_tiles expects (N, 1, H, W), got {tuple(x.shape)}")
    rows, columns = (spans(length, tile_size, overlap) for length in x.shape[-2:])
    if len(rows) == len(columns) == 1:
        return generator(x)
    denoised = None
    for row in rows:
        for column in columns:
            tile = generator(x[..., row.tile, column.tile])
            if denoised is None:
                denoised = tile.new_empty(x.shape)
            denoised[..., row.core, column.core] = tile[..., _inside(row), _inside(column)]
    return denoised


def tile_overlap(generator: nn.Module, tile_size: int, overlap: int | None = None) -> int:
    """Check the settings of tiles, as early as they are known.

    Args:
        generator (nn.Module): The generator.
        tile_size (int): Side of the tiles in pixels.
        overlap (int, optional): As in :func:`denoise_in_tiles`.

    Returns:
        int: The overlap in pixels.

    Raises:
        ValueError: If there is no overlap for a generator that sees the whole slice, or if it is
            negative, or if it leaves nothing of a tile.
    """
    name = type(generator).__name__
    if overlap is None:
        overlap = getattr(generator, "receptive_radius", None)
    if overlap is None:
        raise ValueError(
            f"{name} has no receptive_radius: its output depends on the whole slice, or it does "
            "not say on how much. Leave tiles out. Give the overlap of the tiles (tile_overlap of "
            "test_cfg, in pixels) where a result that is not that of the whole slice will do"
        )
    if overlap < 0:
        raise ValueError(f"the overlap of tiles must not be negative, got {overlap}")
    if tile_size <= 2 * overlap:
        raise ValueError(
            f"tiles of {tile_size} pixels with an overlap of {overlap} on each side leave nothing "
            f"to keep; {name} needs a tile_size of more than {2 * overlap}, better several times"
        )
    return overlap


def spans(length: int, tile_size: int, overlap: int) -> list[Span]:
    """Cut one axis: as few tiles of one size as cover it, and cores that share no pixel.

    Args:
        length (int): Of the axis, in pixels.
        tile_size (int): Of the tiles, in pixels; more than twice the overlap.
        overlap (int): In pixels.

    Returns:
        list[Span]: From the first pixel to the last.
    """
    if length <= tile_size:
        return [Span(slice(0, length), slice(0, length))]
    count = 1 - (tile_size - length) // (tile_size - 2 * overlap)
    cut, kept = [], 0
    for index in range(count):
        start = min(index * (tile_size - 2 * overlap), length - tile_size)
        stop = start + tile_size
        end = length if stop == length else stop - overlap
        cut.append(Span(slice(start, stop), slice(kept, end)))
        kept = end
    return cut


def _inside(span: Span) -> slice:
    """The core in pixels of its tile."""
    return slice(span.core.start - span.tile.start, span.core.stop - span.tile.start)
