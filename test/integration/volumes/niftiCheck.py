"""Reads masks and maps that we wrote and holds them against their sources, with nibabel and SimpleITK.

usage: niftiCheck.py LIST.json    a list of {source, kind, ours, dtype, values, description, itk}; prints the list of faults as
JSON. In place of all values there may be `set`, which says the few that are not 0, by their place in the file.
"""
import json
import sys
import warnings

import nibabel as nib
import numpy as np
import SimpleITK as sitk

warnings.simplefilter('ignore')
sitk.ProcessObject.SetGlobalWarningDisplay(False)
faults = []


def itk_points(path, indices):
    reader = sitk.ImageFileReader()
    reader.SetFileName(path)
    image = reader.Execute()
    points = np.array([image.TransformContinuousIndexToPhysicalPoint(i) for i in indices])
    return points * [-1, -1, 1], sitk.GetArrayFromImage(image)  # LPS to RAS


for case in json.load(open(sys.argv[1])):
    def fault(says):
        faults.append(f"{case['what']}: {says}")

    ours = nib.load(case['ours'])
    # Not ours.header: nibabel moves slope and intercept out of it.
    with open(case['ours'], 'rb') as file:
        header = type(ours.header).from_fileobj(file)
    if case['source']:
        source = getattr(nib, case['kind']).from_filename(case['source'])
        theirs = source.header
        if header.__class__.__name__[:6] != theirs.__class__.__name__[:6]:
            fault(f'{header.__class__.__name__} from {theirs.__class__.__name__}')
        if not np.array_equal(ours.affine, source.affine):
            fault(f'affine {ours.affine.tolist()} from {source.affine.tolist()}')
        for key in ('sform_code', 'qform_code', 'xyzt_units'):
            if header[key] != theirs[key]:
                fault(f'{key} {header[key]} from {theirs[key]}')
        for key in ('srow_x', 'srow_y', 'srow_z', 'quatern_b', 'quatern_c', 'quatern_d', 'qoffset_x', 'qoffset_y', 'qoffset_z'):
            if not np.array_equal(header[key], theirs[key]):
                fault(f'{key} differs')
        if not np.array_equal(header['pixdim'][:4], theirs['pixdim'][:4]):
            fault(f"pixdim {header['pixdim'][:4]} from {theirs['pixdim'][:4]}")
        shape = (tuple(source.shape) + (1, 1))[:3]
    else:
        shape = tuple(case['shape'])
        if not np.allclose(ours.affine, np.array(case['affine']).reshape(4, 4), atol=1e-6):
            fault('affine is not the given one')
    if tuple(ours.shape) != shape:
        fault(f'shape {ours.shape} from {shape}')
    if header.get_data_dtype() != np.dtype(case['dtype']):
        fault(f'type {header.get_data_dtype()}')
    if (header['scl_slope'], header['scl_inter']) != (1, 0):
        fault('slope or intercept')
    if header['descrip'].item().decode('latin1') != case['description']:
        fault(f"description {header['descrip'].item()}")
    if header.endianness != '<':
        fault('byte order')
    if 'set' in case:
        values = np.zeros(np.prod(shape), case['dtype'])
        for index, value in case['set'].items():
            values[int(index)] = value
    else:
        values = np.array(case['values'], dtype=case['dtype'])
    if not np.array_equal(np.asanyarray(ours.dataobj).ravel(order='F'), values):
        fault('voxels')
    if case['itk']:
        corners = [(0.0, 0.0, 0.0), (shape[0] - 1.0, 0.0, 0.0), (1.0, 2.0, 1.0), (0.5, shape[1] - 1.0, 1.25)]
        points, voxels = itk_points(case['ours'], corners)
        wanted = nib.affines.apply_affine(ours.affine, corners)
        if not np.allclose(points, wanted, atol=1e-4):
            fault(f'SimpleITK sees {points.tolist()} where the affine says {wanted.tolist()}')
        if not np.array_equal(voxels.ravel(), values):
            fault('SimpleITK sees other voxels')
print(json.dumps(faults))
