"""Turn DICOM files and Pascal-VOC files into train, validation and test slices with boxes.

SOURCE holds both anywhere below it. An XML file is called as the SOPInstanceUID of its slice, or
with --match stem as its DICOM file; it may lie beside that or in another folder:

    images/<anything>/<slice>.dcm
    boxes/<SOPInstanceUID>.xml

Slices are grouped into series by their headers, and series into patients by study and PatientID.

Example:
    mim run lidnet_mm dataset_converters:voc_dicom ~/boxes data/boxes --match stem
"""

import sys

from lidnet_mm.datasets.converters.command_line import run
from lidnet_mm.datasets.converters.sources.voc.voc_dicom import VocDicom

if __name__ == "__main__":
    sys.exit(run(VocDicom(), __doc__))
