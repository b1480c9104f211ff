"""Turn the Decathlon's lung task into train, validation and test slices with tumour boxes.

SOURCE is the folder Task06_Lung, as downloaded from http://medicaldecathlon.com and unpacked:

    imagesTr/lung_001.nii.gz ...
    labelsTr/lung_001.nii.gz ...

The scans of imagesTs have no labels and are not used.

Example:
    mim run lidnet_mm dataset_converters:msd_lung ~/Task06_Lung data/msd_lung
"""

import sys

from lidnet_mm.datasets.converters.command_line import run
from lidnet_mm.datasets.converters.sources.masks.msd_lung import MsdLung

if __name__ == "__main__":
    sys.exit(run(MsdLung(), __doc__))
