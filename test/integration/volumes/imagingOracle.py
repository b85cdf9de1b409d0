"""What SciPy and NumPy make of the same arrays: imagingOracle.py FOLDER

Reads FOLDER/cases.json and writes FOLDER/answers.json. Arrays are flat lists with x fastest; dims are (x, y, z).
"""
import json
import sys
from pathlib import Path

import nibabel as nib
import numpy as np
from scipy import ndimage

folder = Path(sys.argv[1])
cases = json.loads((folder / 'cases.json').read_text())
answers = {'components': [], 'fill': [], 'morphology': [], 'smooth': [], 'percentiles': [], 'orientation': [], 'resample': []}


def grid(values, dims, dtype):
    return np.array(values, dtype).reshape(dims, order='F')


for case in cases['components']:
    mask = grid(case['mask'], case['dims'], bool)
    reach = {6: 1, 18: 2, 26: 3}[case['connectivity']]
    labels, count = ndimage.label(mask, ndimage.generate_binary_structure(3, reach))
    answers['components'].append({'count': count, 'labels': labels.ravel(order='F').tolist()})

for case in cases['fill']:
    mask = grid(case['mask'], case['dims'], bool)
    filled = ndimage.binary_fill_holes(mask)
    axis = case['axis']
    slices = filled.copy()
    for k in range(mask.shape[axis]):
        at = [slice(None)] * 3
        at[axis] = k
        slices[tuple(at)] = ndimage.binary_fill_holes(filled[tuple(at)])
    answers['fill'].append({
        'whole': filled.ravel(order='F').astype(int).tolist(),
        'slices': slices.ravel(order='F').astype(int).tolist(),
    })

for case in cases['morphology']:
    mask = grid(case['mask'], case['dims'], bool)
    answers['morphology'].append({
        'erode': ndimage.binary_erosion(mask, iterations=case['steps'], border_value=1).ravel(order='F').astype(int).tolist(),
        'dilate': ndimage.binary_dilation(mask, iterations=case['steps']).ravel(order='F').astype(int).tolist(),
    })

for case in cases['smooth']:
    mask = grid(case['mask'], case['dims'], np.float64)
    values = grid(case['values'], case['dims'], np.float64) * mask
    sigma = np.array(case['sigmaMm']) / np.array(case['zooms'])
    # gaussian_filter's radius is int(4 sigma + 0.5); ours is the whole number above 4 sigma.
    radius = [int(np.ceil(4 * s)) for s in sigma]
    over, under = (ndimage.gaussian_filter(a, sigma, mode='constant', radius=radius) for a in (values, mask))
    smoothed = np.where(mask > 0, over / np.maximum(under, 1e-30), 0)
    answers['smooth'].append(smoothed.ravel(order='F').tolist())

for case in cases['percentiles']:
    answers['percentiles'].append(np.percentile(np.array(case['values'], np.float32).astype(float), case['at']).tolist())

for affine in cases['orientation']:
    answers['orientation'].append(''.join(nib.aff2axcodes(np.array(affine).reshape(4, 4))))

for case in cases['resample']:
    source, target = (np.array(case[name]).reshape(4, 4) for name in ('source', 'target'))
    matrix = np.linalg.inv(source) @ target
    values = grid(case['values'], case['dims'], np.float64)
    linear, nearest = (
        # 'grid-constant' with the border's value half a voxel on is what padding by one edge voxel gives.
        ndimage.affine_transform(np.pad(values, 1, mode='edge'), matrix[:3, :3], matrix[:3, 3] + 1, tuple(case['targetDims']), order=order, cval=-7)
        for order in (1, 0)
    )
    # Beyond the outer faces everything is outside.
    indices = np.stack(np.meshgrid(*(np.arange(n) for n in case['targetDims']), indexing='ij'), -1)
    at = nib.affines.apply_affine(matrix, indices)
    out = ((at < -0.5) | (at > np.array(case['dims']) - 0.5)).any(-1)
    answers['resample'].append({
        'linear': np.where(out, -7, linear).ravel(order='F').tolist(),
        'nearest': np.where(out, -7, nearest).ravel(order='F').tolist(),
        # Halfway between two voxels the nearest one is a matter of rounding.
        'tie': (np.abs((at % 1) - 0.5) < 1e-6).any(-1).ravel(order='F').tolist(),
    })

(folder / 'answers.json').write_text(json.dumps(answers))
