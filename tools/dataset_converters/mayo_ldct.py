"""Turn CT of the Mayo Clinic into train, validation and test pairs of full and low dose.

SOURCE holds one of these, at any depth:

    L143/full_3mm/L143_FD_3_1.CT.0001.0019.....IMA       the AAPM challenge of 2016
    L143/quarter_3mm/L143_QD_3_1.CT.0002.0019.....IMA

    C002/<study>/1.000000-Full Dose Images-.../1-001.dcm  LDCT-and-Projection-data, TCIA,
    C002/<study>/1.000000-Low Dose Images-.../1-001.dcm   https://doi.org/10.7937/9NPB-2637

Image records get ldct_file_name, so a config reads the pairs with LoadPairedLDCT instead of
simulating a low dose. There are no lesion boxes. Projections are not read.

Example:
    mim run lidnet_mm dataset_converters:mayo_ldct ~/LDCT-and-Projection-data data/mayo --exams C
"""

import sys

from lidnet_mm.datasets.converters.command_line import run
from lidnet_mm.datasets.converters.sources.mayo.mayo_ldct import MayoLdct

if __name__ == "__main__":
    sys.exit(run(MayoLdct(), __doc__))
