"""Turn CAD-PE into train, validation and test slices with boxes of pulmonary emboli.

SOURCE holds, as downloaded from https://doi.org/10.21227/9bw7-6823 and unpacked:

    images/001.nrrd ...
    rs/0001RefStd.nrrd ... (or 001RefStd.nrrd)

Each box has the number of its clot.

Example:
    mim run lidnet_mm dataset_converters:cad_pe ~/CAD-PE data/cad_pe
"""

import sys

from lidnet_mm.datasets.converters.command_line import run
from lidnet_mm.datasets.converters.sources.masks.cad_pe import CadPe

if __name__ == "__main__":
    sys.exit(run(CadPe(), __doc__))
