"""Loads .npy files that we wrote: npyCheck.py LIST.json, a list of {file, dtype, shape, values}. Prints the faults as JSON."""
import json
import sys

import numpy as np

faults = []
for case in json.load(open(sys.argv[1])):
    data = np.load(case['file'])
    if data.dtype != np.dtype(case['dtype']) or list(data.shape) != case['shape']:
        faults.append(f"{case['file']}: {data.dtype} {data.shape}")
    elif data.ravel().tolist() != case['values']:
        faults.append(f"{case['file']}: items")
print(json.dumps(faults))
