"""HU of a picture in a page, unpacked pixel by pixel by code that the pages do not use."""

import base64
import zlib

import numpy as np


def unpacked(text, rows, columns, step):
    """(rows, columns) HU, of steps that were folded and taken from the mean of two neighbours."""
    planes = np.frombuffer(zlib.decompress(base64.b64decode(text)), np.uint8)
    high, low = planes.astype(int).reshape(2, rows, columns)
    levels = np.zeros((rows, columns), int)
    for y in range(rows):
        for x in range(columns):
            folded = high[y, x] << 8 | low[y, x]
            left = levels[y, x - 1] if x else 0
            above = levels[y - 1, x] if y else 0
            levels[y, x] = (left + above >> 1) + (folded >> 1 ^ -(folded & 1))
    return levels * step
