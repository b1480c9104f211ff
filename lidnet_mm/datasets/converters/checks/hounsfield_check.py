"""Tell Hounsfield units from other intensities."""

import logging
from collections.abc import Sequence

import numpy as np
from mmengine.logging import print_log

from lidnet_mm.ct_bounds import HIGHEST_HU, LOWEST_HU
from lidnet_mm.datasets.converters.checks.hounsfield_disguise import (
    ABOVE_LUNG,
    AIR,
    DENSE,
    ENOUGH,
    TISSUE,
    Seen,
    explain,
)
from lidnet_mm.datasets.converters.checks.hounsfield_histogram import (
    FEWEST_VOXELS,
    PADDING_BELOW_HU,
    HounsfieldHistogram,
)
from lidnet_mm.datasets.converters.checks.outside_fill import check_fill
from lidnet_mm.datasets.converters.source_case import UnusableCaseError

SMALLEST_CONTRAST_HU = 300.0
"""A CT with any air or bone and soft tissue spans more than this."""

LARGEST_16_BIT = 65535.0

TOO_DENSE = ((0.6, 0.5), (0.7, 0.1))
"""Shares of dense voxels among those above lung, and of those among all, that no CT reaches."""

FEWEST_NEGATIVE = 1e-3
"""Share of the voxels below 0 HU in any CT: there is always fat or air."""

MOST_BELOW_AIR = 0.05
"""Share of the voxels below air that noise and interpolated padding can make."""

CLEARLY_BETTER = 0.5
"""Mean logarithm by which another explanation must beat the one that these are HU.

Over 140 public volumes it never came above -0.09, and with an offset kept it was 1.2 to 3.9.
"""

AIR_CUT_HU = -900.0
"""A volume whose values are cut off above this has lost its air."""

BONE_CUT_HU = 1000.0
"""A volume whose values are cut off below this has lost its bone."""

CUT_VOXELS = 20
CUT_LOW_SHARE = 0.01
CUT_HIGH_SHARE = 2e-4
CUT_HIGH_PILE = 10.0
"""Voxels and shares of them at exactly the lowest and highest value, and how far the latter stands
out, from which a range is taken as cut off. In real CT the last is below 3."""

MOST_CUT_TISSUE = 0.8
"""Share of fat-free tissue among what lies above 0, from which the rest was cut off there."""

STRANGE_PADDING_HU = -4096.0
"""Padding below this is not what scanners write."""

RESCALE = (
    "find out their slope and intercept: set scl_slope and scl_inter (often -1024) in the NIfTI "
    "header, or apply the DICOM's RescaleSlope and RescaleIntercept"
)


def check_finite(image: np.ndarray, where: str) -> None:
    """Refuse a slice with NaN or infinite values.

    Args:
        image: (H, W) intensities.
        where: Patient, file and slice, for the message.

    Raises:
        UnusableCaseError: A value is not finite.
    """
    bad = ~np.isfinite(image)
    if bad.any():
        row, column = np.argwhere(bad)[0]
        raise UnusableCaseError(
            f"{int(bad.sum())} intensities are NaN or infinite, the first at row {row}, "
            f"column {column}; replace them (air is -1000 HU) or leave the volume out",
            where,
        )


def check_hounsfield(hu: np.ndarray, where: str, slices: Sequence[int] | None = None) -> None:
    """Refuse a volume whose intensities are no Hounsfield units.

    The histogram decides: air must lie near -1000 where there is air, fat and soft tissue near 0,
    little above bone and nothing above what CT can hold. A crop without air passes, and so does
    padding, single values below air.

    Args:
        hu: (S, H, W) finite intensities.
        where: Patient and file, for the message.
        slices: Numbers of the slices, for the message; None: from 0.

    Raises:
        UnusableCaseError: They, or those of a slice, are offset, scaled, wrapped, cut off at a
            window, or what is outside of the scan is filled with a value that is tissue.
    """
    lowest, highest = float(hu.min()), float(hu.max())
    found = f"intensities run from {lowest:g} to {highest:g}, not Hounsfield units"
    if lowest < LOWEST_HU or highest > LARGEST_16_BIT:
        raise UnusableCaseError(
            f"{found}: CT holds {LOWEST_HU:g} to {HIGHEST_HU:g} HU at most; convert again from "
            "the original CT without scaling",
            where,
        )
    if highest - lowest < SMALLEST_CONTRAST_HU and lowest < 0:
        raise UnusableCaseError(
            f"{found}: air, tissue and bone differ by more than {SMALLEST_CONTRAST_HU:g} HU; "
            "convert again from the original CT without normalisation",
            where,
        )
    histogram = HounsfieldHistogram.of(hu)
    reason = _not_hounsfield(histogram) or _cut_off(histogram)
    if reason:
        raise UnusableCaseError(f"{found}: {reason}", where)
    check_fill(hu, histogram, where)
    if len(hu) > 1:
        _check_each_slice(hu, where, range(len(hu)) if slices is None else slices)
    _warn_of_padding(histogram, where)


def _check_each_slice(hu: np.ndarray, where: str, slices: Sequence[int]) -> None:
    """Refuse a volume of HU that has slices of other values, which its histogram hides.

    Raises:
        UnusableCaseError: Something that was done to one slice explains it clearly better.
    """
    for plane, index in zip(hu, slices, strict=True):
        histogram = HounsfieldHistogram.of(plane[np.newaxis])
        padding = histogram.padding()
        body = histogram.without(padding)
        if body.voxels < FEWEST_VOXELS or Seen.of(body).whole(ENOUGH):
            continue
        disguise, gain = explain(body, histogram.without(body.values))
        if disguise is not None and gain > CLEARLY_BETTER:
            raise UnusableCaseError(
                f"one of its slices is not in Hounsfield units, while the volume is: "
                f"{disguise.finding}",
                f"{where}, slice {index}",
            )


def _not_hounsfield(histogram: HounsfieldHistogram) -> str:
    """Why the values are no HU, and the remedy; nothing where they are."""
    padding = histogram.padding()
    body = histogram.without(padding)
    if not body.voxels:
        return "all are below air (-1000 HU); convert again from the original CT"
    symptom = _symptom(body, len(padding) > 0)
    if not symptom and Seen.of(body).whole(ENOUGH):
        return ""
    known = _known_scale(body)
    if known:
        return f"{symptom}; {known}"
    if not symptom and body.voxels < FEWEST_VOXELS:
        return ""
    disguise, gain = explain(body, histogram.without(body.values))
    if disguise is not None and gain > CLEARLY_BETTER:
        return f"{symptom or 'air and tissue lie elsewhere'}; {disguise.finding}"
    return f"{symptom}; {RESCALE}" if symptom else ""


def _symptom(body: HounsfieldHistogram, padded: bool) -> str:
    """What cannot be in a CT; nothing where all can."""
    lowest, highest = body.values[0], body.values[-1]
    if body.share(-np.inf, 0) < FEWEST_NEGATIVE:
        which = "nearly all" if lowest < 0 else "all but the padding" if padded else "all"
        return f"{which} are ≥ 0, there is no air (-1000 HU)"
    if highest > HIGHEST_HU:
        return f"CT holds {HIGHEST_HU:g} HU at most"
    below = body.share(-np.inf, PADDING_BELOW_HU)
    if below > MOST_BELOW_AIR:
        return f"{100 * below:.0f} % of the voxels lie below air (-1000 HU)"
    if body.voxels < FEWEST_VOXELS:
        return ""
    seen = Seen.of(body)
    above = body.share(ABOVE_LUNG, np.inf)
    if any(seen.dense > dense and above > most for dense, most in TOO_DENSE):
        return f"{100 * seen.dense:.0f} % of the body lie above {DENSE:g} HU, where bone is"
    return ""


def _known_scale(body: HounsfieldHistogram) -> str:
    """What was done to a range from 0 on that tells it by itself; else nothing."""
    lowest, highest = body.values[0], body.values[-1]
    if lowest < 0:
        return ""
    if highest <= 1:
        return "they look scaled to 0..1: convert again from the original CT without scaling"
    if highest <= 255:
        return "they look like an 8-bit picture (0..255): convert again from the original CT"
    tissue = body.share(1, TISSUE[1]) / max(body.share(1, np.inf), np.finfo(float).tiny)
    if lowest == 0 and body.counts[0] >= CUT_LOW_SHARE * body.voxels and tissue > MOST_CUT_TISSUE:
        return "they look cut off at 0: convert again from the original CT without clipping"
    return ""


def _warn_of_padding(histogram: HounsfieldHistogram, where: str) -> None:
    """Say where padding lies far below what scanners write.

    Raises:
        UnusableCaseError: There are several such values: tools write one, scaled air is more.
    """
    padding = histogram.padding()
    strange = padding[padding < STRANGE_PADDING_HU]
    if len(strange) > 1:
        raise UnusableCaseError(
            f"the voxels far below air have several values ({strange[0]:g}, {strange[1]:g} HU "
            "...), as no padding has; they look scaled: convert again from the original CT",
            where,
        )
    for value in strange:
        share = 100 * histogram.share(value, value + 1)
        print_log(
            f"{where}: {share:.1f} % of the voxels are exactly {value:g} HU, far below air; "
            "taken as padding, since the others look like HU",
            logger="current",
            level=logging.WARNING,
        )


def _cut_off(histogram: HounsfieldHistogram) -> str:
    """Why the values look clipped to a display window; nothing where they do not."""
    padding = histogram.padding()
    body = histogram.without(padding)
    lowest, highest = float(body.values[0]), float(body.values[-1])
    shares = body.counts[[0, -1]] / body.voxels
    enough = body.counts[[0, -1]] >= CUT_VOXELS
    low = lowest > AIR_CUT_HU and shares[0] >= CUT_LOW_SHARE and enough[0]
    if ((padding >= AIR[0]) & (padding < AIR[1])).any():  # air itself, of one value
        low = low and body.pile(0) >= CUT_HIGH_PILE
    high = (
        ABOVE_LUNG < highest < BONE_CUT_HU
        and shares[1] >= CUT_HIGH_SHARE
        and enough[1]
        and body.pile(len(body.values) - 1) >= CUT_HIGH_PILE
    )
    if not low and not high:
        return ""
    ends = [f"{100 * shares[0]:.1f} % of the voxels are exactly {lowest:g}"] if low else []
    ends += [f"{100 * shares[1]:.2g} % are exactly {highest:g}"] if high else []
    return (
        f"{' and '.join(ends)}, so they are cut off at a display window, without "
        f"{' and '.join((['air'] if low else []) + (['bone'] if high else []))}; convert again "
        "from the original CT without clipping"
    )
