"""Turn LIDC-IDRI into train, validation and test slices with boxes of lung nodules.

SOURCE holds, as downloaded from https://doi.org/10.7937/K9/TCIA.2015.LO9QL9SX, at any depth:

    LIDC-IDRI-0001/<study>/<series>/1-001.dcm ...
    <anything>.xml ...    the radiologists' annotations, beside the slices or in a tree of their own

Up to four readers drew each nodule; --consensus says how many must have, --outline how their
outlines become a box.

Example:
    mim run lidnet_mm dataset_converters:lidc_idri ~/LIDC-IDRI data/lidc_idri --consensus 3
"""

import sys

from lidnet_mm.datasets.converters.command_line import run
from lidnet_mm.datasets.converters.sources.lidc.lidc_idri import LidcIdri

if __name__ == "__main__":
    sys.exit(run(LidcIdri(), __doc__))
