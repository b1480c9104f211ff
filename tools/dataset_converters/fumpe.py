"""Turn FUMPE into train, validation and test slices with boxes of pulmonary emboli.

SOURCE holds, as downloaded from https://doi.org/10.6084/m9.figshare.c.4107803 and unpacked:

    CT_scans/PAT001/D0001.dcm ...
    GroundTruth/PAT001.mat ...

Slice k of a mask belongs to the k-th DICOM by file name.

Example:
    mim run lidnet_mm dataset_converters:fumpe ~/FUMPE data/fumpe
"""

import sys

from lidnet_mm.datasets.converters.command_line import run
from lidnet_mm.datasets.converters.sources.masks.fumpe import Fumpe

if __name__ == "__main__":
    sys.exit(run(Fumpe(), __doc__))
