"""Names of settings, for the folders of their LDCT."""

from lidnet_mm.datasets.transforms.low_dose_modes import Dose


def setting_name(
    dose: Dose,
    mode: str = "physics",
    geometry: str | None = None,
    num_views: int | None = None,
    electronic_noise: float = 0.0,
    seed: int = 0,
    store: str = "float32",
) -> str:
    """Name that tells one setting from another: the dose, and whatever is not the default.

    Args:
        dose: The dose.
        mode: As for ``SimulateLowDose``, like the rest but ``store``.
        geometry: None is the default.
        num_views: None is the default.
        electronic_noise: In photons.
        seed: Seed of all noise.
        store: Type in which HU are stored.

    Returns:
        Such as ``noise-60hu`` or ``dose-0.25-of-1e06_fan_seed-1``.
    """
    parts = [_dose_name(dose)]
    if mode != "physics":
        parts.append(mode)
    if geometry not in (None, "parallel"):
        parts.append(geometry)
    if num_views is not None:
        parts.append(f"{num_views}-views")
    if electronic_noise:
        parts.append(f"electronic-{_number(electronic_noise)}")
    if seed:
        parts.append(f"seed-{seed}")
    if store != "float32":
        parts.append(store)
    return "_".join(parts)


def _dose_name(dose: Dose) -> str:
    """Name of a dose."""
    if dose.dose_preset is not None:
        return dose.dose_preset
    if dose.noise_range is not None:
        return f"noise-{'-to-'.join(map(_number, dose.noise_range))}hu"
    if dose.noise_hu is not None:
        return f"noise-{_number(dose.noise_hu)}hu"
    if dose.dose_fraction is not None:
        return f"dose-{_number(dose.dose_fraction)}-of-{_number(dose.full_dose_photons)}"
    return f"photons-{_number(dose.incident_photons)}"


def _number(value: float) -> str:
    """A number without a sign that a shell or a path could mind."""
    return f"{value:g}".replace("+", "")
