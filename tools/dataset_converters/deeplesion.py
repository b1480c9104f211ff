"""Turn DeepLesion into train, validation and test slices with lesion boxes.

SOURCE holds, as downloaded from https://nihcc.app.box.com/v/DeepLesion and unpacked:

    DL_info.csv
    Images_png/000001_01_01/109.png ...

Any of the pictures may be absent. Only key slices are used, since lesions are marked on no other.
The parts are the published ones; --split draws patients instead.

Example:
    mim run lidnet_mm dataset_converters:deeplesion ~/DeepLesion data/deeplesion
"""

import sys

from lidnet_mm.datasets.converters.command_line import run
from lidnet_mm.datasets.converters.sources.deeplesion.deeplesion import DeepLesion

if __name__ == "__main__":
    sys.exit(run(DeepLesion(), __doc__))
