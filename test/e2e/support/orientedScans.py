"""Scans in four orientations, and whether what the window says about them is what nibabel says.

usage: orientedScans.py write FOLDER              writes the scans; prints their names and orientation codes as JSON
       orientedScans.py range FOLDER NAME         prints a scan's smallest and largest value
       orientedScans.py check FOLDER READINGS     prints the list of faults in readings of {file, world, voxel, value}
The value of a voxel is RAMP of its centre in the world: whatever shows it elsewhere shows another value.
"""
import json
import sys
import warnings
from pathlib import Path

import nibabel as nib
import numpy as np

warnings.simplefilter('ignore')
RAMP = np.array([2.0, 3.0, -5.0])
folder = Path(sys.argv[2])


def tilt(a, b, c):
    rx = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    ry = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
    rz = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    return rz @ ry @ rx


def scans():
    """name, axes (columns: where voxel x, y, z lead in the world), zooms, dims, header class, byte order"""
    yield 'ras.nii', np.eye(3), (2, 2.5, 3), (44, 40, 30), nib.Nifti1Image, '<'
    yield 'lpi.nii.gz', -np.eye(3), (1.5, 2, 4), (50, 46, 24), nib.Nifti1Image, '>'
    # Thick sagittal slices: x runs to the front, y down, z to the left; left-handed.
    yield 'sagittal.nii.gz', np.array([[0, 0, -1], [1, 0, 0], [0, -1, 0]]), (2, 2, 5), (48, 44, 18), nib.Nifti2Image, '<'
    yield 'oblique.nii', tilt(0.2, -0.15, 0.25) @ np.array([[0, -1, 0], [1, 0, 0], [0, 0, -1]]), (2, 3, 2.5), (40, 36, 28), nib.Nifti1Image, '<'


def make(axes, zooms, dims, kind, order):
    affine = np.eye(4)
    affine[:3, :3] = axes * zooms
    affine[:3, 3] = [3, -4, 5] - affine[:3, :3] @ ((np.array(dims) - 1) / 2)
    index = np.moveaxis(np.indices(dims), 0, -1)
    world = nib.affines.apply_affine(affine, index)
    data = np.rint(2000 + world @ RAMP).astype(np.int16)
    image = kind(data, affine)
    header = image.header_class(endianness=order) if order == '>' else image.header
    if order == '>':
        image = kind(data, affine, header)
    image.set_sform(affine, 1)
    image.set_qform(affine, 1)
    return image


if sys.argv[1] == 'write':
    said = []
    for name, *of in scans():
        nib.save(make(*of), folder / name)
        image = nib.load(folder / name)
        said.append({'name': name, 'axcodes': ''.join(nib.aff2axcodes(image.affine))})
    print(json.dumps(said))
elif sys.argv[1] == 'range':
    values = nib.load(folder / sys.argv[3]).get_fdata()
    print(json.dumps([values.min(), values.max()]))
else:
    faults, off = [], {}
    for reading in json.loads(Path(sys.argv[3]).read_text()):
        image = nib.load(folder / reading['file'])
        voxel = nib.affines.apply_affine(np.linalg.inv(image.affine), reading['world'])
        # Shown are the whole voxel, and the point in it to a tenth of a millimetre.
        slack = 0.5 + 0.15 / min(image.header.get_zooms())
        if np.abs(voxel - reading['voxel']).max() > slack:
            faults.append(f'{reading}: nibabel has voxel {voxel.tolist()} there')
        value = image.get_fdata()[tuple(reading['voxel'])]
        if value != reading['value']:
            faults.append(f'{reading}: nibabel has the value {value} in that voxel')
        # A step of grey is worth about a voxel: their mean over the places of a scan says more than each.
        off.setdefault(reading['file'], []).append(
            (2000 + np.dot(reading['world'], RAMP) - reading['picture']) / reading['greyStep']
        )
    for name, steps in off.items():
        if np.abs(steps).max() > 1.2 or abs(np.mean(steps)) > 0.4:
            faults.append(f'{name}: the picture under the pointer is of other places, by {steps} steps of grey')
    print(json.dumps(faults))
