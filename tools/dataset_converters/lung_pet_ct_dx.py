"""Turn Lung-PET-CT-Dx into train, validation and test slices with boxes of lung tumours.

SOURCE holds, as downloaded from https://doi.org/10.7937/TCIA.2020.NNC2-0461, at any depth:

    Lung_Dx-A0001/<study>/<series>/1-01.dcm ...
    Annotation/A0001/<SOPInstanceUID>.xml ...

The letter is the class. The paper's L-CT-A are the patients A, its L-CT-G the patients G.

Example:
    mim run lidnet_mm dataset_converters:lung_pet_ct_dx ~/Lung-PET-CT-Dx data/l_ct_a --classes A
"""

import sys

from lidnet_mm.datasets.converters.command_line import run
from lidnet_mm.datasets.converters.sources.voc.lung_pet_ct_dx import LungPetCtDx

if __name__ == "__main__":
    sys.exit(run(LungPetCtDx(), __doc__))
