"""Images of one level, and what the viewer of cases shows of them."""

import numpy as np

from lidnet_mm.visualization.windowing import apply_window

WINDOW = (-1000.0, 400.0)
TRUTH = np.array([[20.0, 24, 32, 36]])


def flat(level, size=64):
    """An image of one level but for a lesion, so that a pixel tells which image it is of."""
    image = np.full((size, size), float(level), np.float32)
    image[24:36, 20:32] = level + 100
    return image


def settle(browser):
    """Wait until all that was asked for is drawn."""
    browser.run(
        """new Promise(resolve => { let before = null; const look = () => {
        const now = document.getElementById("viewer").dataset.drawn;
        if (now !== undefined && now === before) resolve();
        else { before = now; setTimeout(look, 60); }
        }; look(); })"""
    )


def grey(browser, x, y, canvas="stage"):
    """Grey value at a part of a canvas."""
    settle(browser)
    return browser.run(
        f"""(() => {{ const c = document.getElementById("{canvas}");
        const d = c.getContext("2d").getImageData(Math.floor({x} * c.width),
        Math.floor({y} * c.height), 1, 1).data; return d[0]; }})()"""
    )


def level(hu, window=WINDOW):
    return int(apply_window(np.array([[float(hu)]]), window)[0, 0])
