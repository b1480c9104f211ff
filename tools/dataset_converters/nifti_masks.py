r"""Turn a folder of CT volumes and lesion masks into train, validation and test slices.

Every connected component of a mask on an axial slice becomes a box. Files may be NIfTI (.nii,
.nii.gz), MetaImage or NRRD. Image and mask have to lie on the same voxels.

Several scans of one person stay in one part of the split where {scan} in both patterns, or a table
(--patients), says whose they are. Of masks with several values --labels chooses.

Example:
    mim run lidnet_mm dataset_converters:nifti_masks ~/ct data/ct \
        --image '{patient}/CT_image.nii.gz' --mask '{patient}/CT_mask.nii.gz' \
        --split train=18 val=0 test=6
    mim run lidnet_mm dataset_converters:nifti_masks ~/kidneys data/kidneys \
        --image '{patient}_{scan}_ct.nii.gz' --mask '{patient}_{scan}_seg.nii.gz' \
        --labels tumour=2,cyst=3
"""

import sys

from lidnet_mm.datasets.converters.command_line import run
from lidnet_mm.datasets.converters.sources.masks.nifti_masks import NiftiMasks

if __name__ == "__main__":
    sys.exit(run(NiftiMasks(), __doc__))
