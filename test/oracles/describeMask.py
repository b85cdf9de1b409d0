"""Says as JSON what nibabel reads in a mask and its source: grids, affines to the last digit, codes, values."""

import json
import sys

import nibabel as nib
import numpy as np


def describe(path):
    image = nib.load(path)
    header = image.header
    return {
        "shape": list(image.shape),
        "affine": [value.hex() for value in np.asarray(image.affine, dtype=float).ravel().tolist()],
        "sform_code": int(header["sform_code"]),
        "qform_code": int(header["qform_code"]),
        "zooms": [float(value).hex() for value in header.get_zooms()],
        "values": np.unique(np.asarray(image.dataobj)).tolist()[:5],
        "set": int(np.count_nonzero(np.asarray(image.dataobj))),
    }


print(json.dumps([describe(path) for path in sys.argv[1:]]))
