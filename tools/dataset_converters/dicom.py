"""Turn DICOM files without annotations into train, validation and test slices for denoisers.

SOURCE holds CT series anywhere below it, in any order and under any names:

    <anything>/<slice>.dcm

Slices are grouped into series, and series into patients, by their headers. Nobody has looked for
lesions in them: the json says so, and CTLesionDataset refuses it unless unannotated=True says
that no detector learns from it.

Example:
    mim run lidnet_mm dataset_converters:dicom ~/scans data/scans
"""

import sys

from lidnet_mm.datasets.converters.command_line import run
from lidnet_mm.datasets.converters.sources.dicom_folder import DicomFolder

if __name__ == "__main__":
    sys.exit(run(DicomFolder(), __doc__))
