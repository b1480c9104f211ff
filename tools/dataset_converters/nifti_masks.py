r"""Turn a folder of CT volumes and lesion masks into train, validation and test slices.

Every connected component of a mask on an axial slice becomes a box. Files may be NIfTI (.nii,
.nii.gz), MetaImage or NRRD. Image and mask have to lie on the same voxels.

Example:
    mim run lidnet_mm dataset_converters:nifti_masks ~/ct data/ct \
        --image '{patient}/CT_image.nii.gz' --mask '{patient}/CT_mask.nii.gz' \
        --split train=18 val=0 test=6
"""

import sys

from lidnet_mm.datasets.converters.command_line import run
from lidnet_mm.datasets.converters.sources.masks.nifti_masks import NiftiMasks

if __name__ == "__main__":
    sys.exit(run(NiftiMasks(), __doc__))
