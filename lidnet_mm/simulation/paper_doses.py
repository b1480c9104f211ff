"""The paper's doses by name, N0 of each of its data sets."""

from collections.abc import Mapping
from types import MappingProxyType

PAPER_DOSES: Mapping[str, float] = MappingProxyType(
    {"lidnet_pe_ct": 3000.0, "lidnet_l_ct_a": 1000.0, "lidnet_l_ct_g": 1000.0}
)
"""N0 for PE-CT, L-CT-A and L-CT-G."""


def paper_photons(name: str) -> float:
    """The paper's N0 for a data set.

    Source: LIDnet (arXiv 2104.08845), section 4. Its N0 belongs to the published simulation
    (`simulate_gholizadeh2019`), where it is no number of photons. Taken as photons per ray on a
    body of true size it destroys the image. Noise measured with `simulate_low_dose` (512 x 512,
    720 parallel views; more in docs/simulation.md):

    ====  ================================  ===============================
    N0    300 mm of water, centre           chest slices, body (rms)
    ====  ================================  ===============================
    1000  1005 HU                           385-507 HU
    3000  596 HU                            224-412 HU
    ====  ================================  ===============================

    Args:
        name: one of `PAPER_DOSES`.

    Raises:
        ValueError: if there is no such name.
    """
    if name not in PAPER_DOSES:
        raise ValueError(f"dose preset {name!r} does not exist: set {', '.join(PAPER_DOSES)}")
    return PAPER_DOSES[name]
