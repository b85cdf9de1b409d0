"""Makes the volumes of the bench, and reads them with nibabel.

usage: volumes.py make FOLDER              writes small.nii.gz and large.nii.gz
       volumes.py read FILE                prints {"ms", "peakBytes", "sum"} of one reading
"""
import json
import resource
import sys
import time

import nibabel as nib
import numpy as np


def head(shape):
    """Noise inside a ball, air of zeros around it: packs about as a skull-stripped scan does."""
    rng = np.random.default_rng(7)
    axes = np.meshgrid(*[np.linspace(-1, 1, n, dtype=np.float32) for n in shape], indexing='ij', sparse=True)
    radius = np.sqrt(sum(axis * axis for axis in axes))
    values = 900 - 500 * radius
    values += rng.normal(0, 15, shape).astype(np.float32)
    values[radius > 0.8] = 0
    return values.astype(np.int16)


if sys.argv[1] == 'make':
    for name, shape in [('small', (256, 256, 256)), ('large', (512, 512, 300))]:
        image = nib.Nifti1Image(head(shape), np.diag([-1, 1, 1, 1]))
        nib.save(image, f'{sys.argv[2]}/{name}.nii.gz')
else:
    def memory(name):
        if not sys.platform.startswith('linux'):
            return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        # getrusage's figure is handed on from the parent, this one begins with the program.
        with open('/proc/self/status') as status:
            return next(int(line.split()[1]) * 1024 for line in status if line.startswith(name))

    before = memory('VmRSS')
    start = time.perf_counter()
    values = np.asanyarray(nib.load(sys.argv[2]).dataobj)
    ms = (time.perf_counter() - start) * 1000
    print(json.dumps({'ms': ms, 'peakBytes': memory('VmHWM') - before, 'sum': int(values.sum(dtype=np.int64))}))
