"""Writes a matrix of small NIfTI files with nibabel, and what nibabel reads back from them.

usage: niftiMatrix.py FOLDER
Each format, byte order and voxel type appears with every sform/qform case, slope and orientation at least pairwise; all 48
axis orders and three oblique grids appear with every sform/qform case. FOLDER/expected.json has one entry a file.
"""
import itertools
import json
import sys
import warnings
from pathlib import Path

import nibabel as nib
import numpy as np
from nibabel.volumeutils import array_to_file

warnings.simplefilter('ignore')
out = Path(sys.argv[1])
rng = np.random.default_rng(20240611)

HEADERS = {
    'nifti1': nib.Nifti1Header,
    'nifti1-pair': nib.nifti1.Nifti1PairHeader,
    'nifti2': nib.Nifti2Header,
    'nifti2-pair': nib.nifti2.Nifti2PairHeader,
}
# Named, because nibabel's load takes a NIfTI-2 pair for a NIfTI-1 one.
IMAGES = {
    'nifti1': nib.Nifti1Image,
    'nifti1-pair': nib.Nifti1Pair,
    'nifti2': nib.Nifti2Image,
    'nifti2-pair': nib.Nifti2Pair,
}
DTYPES = ['int8', 'uint8', 'int16', 'uint16', 'int32', 'uint32', 'int64', 'uint64', 'float32', 'float64']
# (sform code, qform code, whether they agree)
FORMS = [(0, 0, True), (1, 0, True), (0, 1, True), (2, 1, True), (1, 3, False), (4, 0, True), (0, 5, True)]
SLOPES = [(np.nan, np.nan), (1.0, 0.0), (0.0, 7.0), (0.5, -3.25), (-2.0, 10.0), (np.nan, 5.0)]


def orientations():
    """48 signed axis orders, an oblique right-handed and an oblique left-handed grid, and almost half a turn; 1.5 x 0.9 x 3.25 mm."""
    for order in itertools.permutations(range(3)):
        for signs in itertools.product([1, -1], repeat=3):
            m = np.zeros((3, 3))
            for column, (row, sign) in enumerate(zip(order, signs)):
                m[row, column] = sign
            yield m
    a, b, c = 0.31, -0.22, 0.47
    rx = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    ry = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
    rz = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    yield rz @ ry @ rx
    yield rz @ ry @ rx @ np.diag([1, 1, -1])
    # Almost half a turn: the quaternion's real part is lost in a NIfTI-1 header and not in a NIfTI-2 one.
    e = 1e-4
    yield rz @ np.array([[np.cos(np.pi - e), 0, np.sin(np.pi - e)], [0, 1, 0], [-np.sin(np.pi - e), 0, np.cos(np.pi - e)]])


ORIENTATIONS = list(orientations())
ZOOMS = np.array([1.5, 0.9, 3.25])


def raw_data(dtype, shape):
    kind = np.dtype(dtype).kind
    if kind == 'f':
        data = rng.normal(0, 100, shape).astype(dtype)
        data.flat[1], data.flat[2], data.flat[3] = np.nan, np.inf, -np.inf
        return data
    info = np.iinfo(dtype)
    # Beyond 2^53 no double holds every whole number.
    low, high = max(info.min, -(2**53)), min(info.max, 2**53)
    data = rng.integers(low, high, shape, dtype=dtype, endpoint=True)
    data.flat[0], data.flat[1] = low, high
    return data


expected = []


def write(kind, order, dtype, orientation, form, scaling, shape=(5, 4, 3)):
    name = f'{len(expected):04d}'
    header = HEADERS[kind](endianness=order)
    header.set_data_dtype(np.dtype(dtype).newbyteorder(order))
    header.set_data_shape(shape)
    header.set_zooms(tuple(ZOOMS) + (2.0,) * (len(shape) - 3))
    header.set_xyzt_units('mm', 'sec')
    affine = np.eye(4)
    affine[:3, :3] = ORIENTATIONS[orientation] * ZOOMS
    affine[:3, 3] = [-12.25, 30.5, 7.125]
    sform_code, qform_code, agree = form
    if qform_code:
        header.set_qform(affine, code=qform_code)
    if sform_code:
        other = affine.copy()
        if not agree:
            other[:3, 3] += [4, 0, -2]
        header.set_sform(other, code=sform_code)
    header['scl_slope'], header['scl_inter'] = scaling
    header['descrip'] = b'made by nibabel \xe9'
    pair = kind.endswith('pair')
    if not pair:
        header['vox_offset'] = header.single_vox_offset
    data = raw_data(dtype, shape)
    image = out / f'{name}.img' if pair else out / f'{name}.nii'
    with open(out / f'{name}.hdr' if pair else image, 'wb') as file:
        header.write_to(file)
        if not pair:
            file.write(b'\0' * (header.single_vox_offset - file.tell()))
            array_to_file(data, file, header.get_data_dtype(), offset=file.tell())
    if pair:
        with open(image, 'wb') as file:
            array_to_file(data, file, header.get_data_dtype(), offset=file.tell())
    loaded = IMAGES[kind].from_filename(image)
    values = loaded.get_fdata().ravel(order='F')
    expected.append({
        'name': name,
        'file': f'{name}.hdr' if pair else f'{name}.nii',
        'image': f'{name}.img' if pair else None,
        'what': f'{kind} {order} {dtype} orientation {orientation} codes {form} slope {scaling}',
        'version': int(kind[5]),
        'kind': IMAGES[kind].__name__,
        'shape': list(shape),
        'affine': loaded.affine.ravel().tolist(),
        'axcodes': ''.join(nib.aff2axcodes(loaded.affine)),
        'zooms': [float(z) for z in loaded.header.get_zooms()[:3]],
        'sformCode': sform_code,
        'qformCode': qform_code,
        'agree': agree,
        # In the order of the file; what JSON cannot say (NaN, infinity) is null.
        'values': [float(v) if np.isfinite(v) else None for v in values],
    })


turn = itertools.count()
for kind, order, dtype in itertools.product(HEADERS, '<>', DTYPES):
    for _ in range(len(FORMS)):
        i = next(turn)
        # The cycles have lengths without a common divisor, so all their pairs come up.
        write(kind, order, dtype, (i * 11) % 51, FORMS[i % 7], SLOPES[(i // 7) % 6])
for orientation, form in itertools.product(range(51), FORMS):
    write('nifti1' if orientation % 2 else 'nifti2', '<', 'int16', orientation, form, (1.0, 0.0))
# What dim can say: one and two dimensions, a fourth of 1, and several volumes.
for shape in [(5,), (5, 4), (5, 4, 3, 1), (5, 4, 3, 1, 1), (5, 4, 3, 2), (5, 4, 1, 3), (2, 3, 4, 1, 3)]:
    for kind in ('nifti1', 'nifti2'):
        if len(shape) >= 3:
            write(kind, '<', 'int16', 7, FORMS[3], (0.5, -3.25), shape)
        else:
            # Voxel sizes are set for three axes above, so these are made by hand.
            header = HEADERS[kind]()
            header.set_data_dtype('<i2')
            header.set_data_shape(shape)
            header['vox_offset'] = header.single_vox_offset
            data = raw_data('int16', shape)
            name = f'{len(expected):04d}'
            with open(out / f'{name}.nii', 'wb') as file:
                header.write_to(file)
                file.write(b'\0' * (header.single_vox_offset - file.tell()))
                array_to_file(data, file, header.get_data_dtype(), offset=file.tell())
            loaded = nib.load(out / f'{name}.nii')
            expected.append({
                'name': name, 'file': f'{name}.nii', 'image': None, 'what': f'{kind} shape {shape}',
                'version': int(kind[5]), 'shape': list(shape), 'affine': loaded.affine.ravel().tolist(),
                'axcodes': ''.join(nib.aff2axcodes(loaded.affine)), 'zooms': [1.0, 1.0, 1.0],
                'sformCode': 0, 'qformCode': 0, 'agree': True,
                'values': loaded.get_fdata().ravel(order='F').tolist(),
            })
(out / 'expected.json').write_text(json.dumps(expected))
print(len(expected))
