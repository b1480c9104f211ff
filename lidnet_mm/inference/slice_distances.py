"""What the distances between the slices of a series tell: slices that it lacks."""

from lidnet_mm.datasets.readers import CTVolume, DicomVolume


def uneven_slices(volume: CTVolume) -> tuple[str, ...]:
    """Say where the slices of a series are not evenly spaced; nothing where they are.

    Each slice is denoised by itself, so this changes no value. But slices may have been lost on the
    way.
    """
    if not isinstance(volume, DicomVolume) or volume.uniform:
        return ()
    if not volume.gaps:
        return ("its slices are not evenly spaced",)
    index, step = max(volume.gaps, key=lambda gap: gap[1])
    return (
        f"its slices are not evenly spaced: up to {step:.4g} mm, here between slices {index} and"
        f" {index + 1}, instead of {volume.slice_spacing:.4g} mm; about {volume.missing_slices}"
        " missing",
    )
