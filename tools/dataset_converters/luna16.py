r"""Turn LUNA16 into train, validation and test slices with nodule boxes.

SOURCE holds, as downloaded from https://luna16.grand-challenge.org and unpacked:

    annotations.csv
    subset0/<seriesuid>.mhd and .raw ... subset9/

Any of the subsets may be absent. A nodule is a sphere: it gets a box on each slice that cuts it.
A series counts as a patient, because the files do not tell whether two are of the same person.

Example:
    mim run lidnet_mm dataset_converters:luna16 ~/LUNA16 data/luna16 \
        --val-subsets 8 --test-subsets 9
"""

import sys

from lidnet_mm.datasets.converters.command_line import run
from lidnet_mm.datasets.converters.sources.luna16.luna16 import Luna16

if __name__ == "__main__":
    sys.exit(run(Luna16(), __doc__))
