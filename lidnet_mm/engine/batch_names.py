"""What the slices of a batch are called."""

from typing import Any


def batch_names(batch: Any) -> str:
    """File, slice and patient of each sample of a batch, for messages.

    Args:
        batch (Any): A batch of ``PackLIDInputs``' samples; of others, what they are named by.

    Returns:
        str: Such as ``'slice 12 of a/b.nii.gz (patient b), slice 3 of a/c.nii.gz (patient c)'``.
    """
    samples = batch.get("data_samples") if isinstance(batch, dict) else None
    if not samples:
        return "unnamed"
    return ", ".join(_name(getattr(sample, "metainfo", {})) for sample in samples)


def _name(meta: dict) -> str:
    """What a sample is called."""
    if "img_path" not in meta:
        return f"sample {meta.get('img_id', 'without a name')}"
    place = f"slice {meta['slice_index']} of " if "slice_index" in meta else ""
    patient = f" (patient {meta['patient_id']})" if "patient_id" in meta else ""
    return f"{place}{meta['img_path']}{patient}"
