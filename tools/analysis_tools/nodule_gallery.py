r"""Draw random nodules, put into slices of a folder of chest CT, as one picture.

Each tile is 64 x 64 mm in the lung window, one nodule in it, not always in its middle.

Example:
    python tools/analysis_tools/nodule_gallery.py ~/chest_slices work_dirs/nodules.png \
        --image '{patient}_*.nii.gz'
"""

import argparse
import io
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from lidnet_mm.atomic_write import write_whole
from lidnet_mm.datasets.converters.sources.named_volumes import find_named_volumes
from lidnet_mm.datasets.nodules.insertion import Insertion, insert_nodules
from lidnet_mm.datasets.nodules.lung_map import map_lungs
from lidnet_mm.datasets.nodules.nodule_kinds import ATTACHMENTS, KINDS, MARGINS, NoduleRanges
from lidnet_mm.datasets.readers import open_volume
from lidnet_mm.last_line import say_error
from lidnet_mm.output_path import check_output_file
from lidnet_mm.seeding import seed_for
from lidnet_mm.terminal import show_any_name

TILE_MM = 64.0
TILE_PIXELS = 128
LUNG_WINDOW = (-1350.0, 150.0)
OFF_CENTRE_MM = 14.0
AIR_HU = -1000.0


def parse_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    defaults = NoduleRanges()
    parser.add_argument("source", type=Path, help="folder that holds the volumes")
    parser.add_argument("out", type=Path, help="picture to write (.png)")
    parser.add_argument("--image", default="{patient}_*.nii.gz", help="pattern of the volumes")
    parser.add_argument("--leave-out", nargs="*", default=(), help="patterns of volumes not used")
    parser.add_argument("--nodules", type=int, default=30, help="how many (default: 30)")
    parser.add_argument("--columns", type=int, default=6, help="tiles a row (default: 6)")
    parser.add_argument("--seed", type=int, default=0, help="same seed, same picture")
    parser.add_argument("--boxes", action="store_true", help="draw the boxes, too")
    parser.add_argument(
        "--diameter-mm", type=float, nargs=2, default=defaults.diameter_mm, metavar=("LOW", "HIGH")
    )
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=defaults.kinds)
    parser.add_argument("--margins", nargs="+", choices=MARGINS, default=defaults.margins)
    parser.add_argument("--attachments", nargs="+", choices=ATTACHMENTS, default=ATTACHMENTS)
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw the picture and return the exit status."""
    show_any_name()
    options = parse_arguments(arguments)
    try:
        _draw(options)
    except (OSError, ValueError) as error:
        say_error(error)
        return 1
    return 0


def _draw(options: argparse.Namespace) -> None:
    """Draw the picture."""
    check_output_file(options.out, [("the source", options.source)], [".png"])
    ranges = NoduleRanges(
        tuple(options.diameter_mm),
        tuple(options.kinds),
        tuple(options.margins),
        tuple(options.attachments),
    )
    files = find_named_volumes(options.source, options.image, options.leave_out).files
    tiles: list[np.ndarray] = []
    for attempt in range(20 * options.nodules):
        if len(tiles) == options.nodules:
            break
        rng = np.random.default_rng(seed_for("nodule gallery", options.seed, attempt))
        tile = _draw_tile(files[rng.integers(len(files))].path, ranges, options.boxes, rng)
        tiles += [tile] if tile is not None else []
    if len(tiles) < options.nodules:
        raise ValueError(f"{options.source}: too few slices show lungs")
    content = io.BytesIO()
    _mosaic(tiles, options.columns).save(content, "PNG", optimize=True)
    write_whole(options.out, content.getvalue())


def _draw_tile(
    path: Path, ranges: NoduleRanges, boxes: bool, rng: np.random.Generator
) -> np.ndarray | None:
    """Put one nodule into one slice and cut it out; None where none fits."""
    volume = open_volume(path)
    index = int(rng.integers(volume.num_slices))
    image = volume.read_slice(index)[None]
    spacing = (volume.slice_spacing, *volume.spacing)
    lungs = map_lungs(image, spacing)
    if not lungs.lungs.any():
        return None
    inserted = insert_nodules(image, spacing, lungs, ranges, 1, rng)
    if not inserted.nodules:
        return None
    return _crop(inserted, spacing[1:], boxes, rng)


def _crop(
    inserted: Insertion, spacing: tuple[float, float], boxes: bool, rng: np.random.Generator
) -> np.ndarray:
    """Cut out the tile, (TILE_PIXELS, TILE_PIXELS) uint8."""
    low, high = LUNG_WINDOW
    grey = (np.clip((inserted.volume[0] - low) / (high - low), 0, 1) * 255).astype(np.uint8)
    picture = Image.fromarray(grey)
    if boxes:
        rows, columns = np.nonzero(inserted.labels[0])
        corners = columns.min() - 2, rows.min() - 2, columns.max() + 2, rows.max() + 2
        ImageDraw.Draw(picture).rectangle([int(c) for c in corners], outline=255)
    x, y, _ = inserted.nodules[0].nodule.centre
    left, top = np.array([x, y]) - TILE_MM / 2 + rng.uniform(-OFF_CENTRE_MM, OFF_CENTRE_MM, 2)
    edges = (left / spacing[1], top / spacing[0])
    far = ((left + TILE_MM) / spacing[1], (top + TILE_MM) / spacing[0])
    return np.array(
        picture.transform(
            (TILE_PIXELS, TILE_PIXELS),
            Image.Transform.EXTENT,
            (*edges, *far),
            Image.BICUBIC,
            fillcolor=int(255 * (AIR_HU - low) / (high - low)),
        )
    )


def _mosaic(tiles: Sequence[np.ndarray], columns: int) -> Image.Image:
    """Lay tiles side by side with a line between them."""
    rows = -(-len(tiles) // columns)
    step = TILE_PIXELS + 2
    sheet = np.full((rows * step - 2, columns * step - 2), 255, dtype=np.uint8)
    for number, tile in enumerate(tiles):
        top, left = number // columns * step, number % columns * step
        sheet[top : top + TILE_PIXELS, left : left + TILE_PIXELS] = tile
    return Image.fromarray(sheet)


if __name__ == "__main__":
    sys.exit(main())
