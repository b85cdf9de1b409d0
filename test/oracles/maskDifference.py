"""Where two masks differ, as nibabel reads them: a JSON list of voxel indices, or why they cannot be compared."""

import json
import sys

import nibabel as nib
import numpy as np

first, second = (nib.load(path) for path in sys.argv[1:3])
if first.shape != second.shape or not np.array_equal(first.affine, second.affine):
    sys.exit("the masks are not on one grid")
differs = np.argwhere(np.asanyarray(first.dataobj) != np.asanyarray(second.dataobj))
# A grid of 1 in the fourth dimension is a volume: a voxel has three indices there too.
print(json.dumps(differs[:, :3].tolist()))
