r"""Put lung nodules of known size and contrast into chest CT, for a test of small lesions.

SOURCE holds volumes or single slices of any file type, named by --image; a patient may have
several. The lungs are found in each. What is in them already counts as healthy: leave out volumes
with a lesion of their own (--leave-out). docs/nodules.md tells how it is done and what is known.

Example:
    python tools/dataset_converters/insert_nodules.py ~/chest_slices data/nodules \
        --image '{patient}_*.nii.gz' --copies 4 --negatives 0.25 --diameter-mm 4 12
"""

import sys

from lidnet_mm.datasets.converters.command_line import run
from lidnet_mm.datasets.converters.sources.insertion.insert_nodules import InsertNodules

if __name__ == "__main__":
    sys.exit(run(InsertNodules(), __doc__))
