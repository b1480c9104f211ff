"""``physics.json`` written by hand, as a test run leaves it."""

import json

FREQUENCY = [0.0, 0.05, 0.1, 0.2, 0.4]
EDGE_FREQUENCY = [0.0, 0.2, 0.4, 0.8, 1.6]


def write_physics(path, std, ratio, grain, soft, air, **drawn):
    """A file with five values; None is not known. Curves are given as ``air_curve=[...]``."""
    values = {
        "nps_std_hu": std,
        "nps_ratio": ratio,
        "nps_mean_frequency": None if grain is None else grain * 0.25,
        "nps_mean_frequency_ratio": grain,
        "nps_patches": 12,
        "ttf_f50": None if soft is None else soft * 0.4,
        "ttf_f50_ratio": soft,
        "ttf_air_f50": None if air is None else air * 0.5,
        "ttf_air_f50_ratio": air,
    }
    power = [0.0, 1.0, 8.0, 4.0, 2.0]
    transfer = [1.0, 0.8, 0.5, 0.1, 0.0]
    own = {"noise": power, "soft": transfer, "air": transfer}
    own |= {name.removesuffix("_curve"): curve for name, curve in drawn.items()}
    other = {"ldct": [3.0] * 5, "ndct": [1.0] * 5}
    content = {
        "units": {},
        "values": values,
        "noise": {"frequency": FREQUENCY, "denoised": own["noise"], "ldct": other["ldct"]},
        "edges": {
            kind: {"frequency": EDGE_FREQUENCY, "denoised": own[kind], **other}
            for kind in ("soft", "air")
        },
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))
    return path
