"""Writes .npy files of every version, type, byte order and memory order with numpy.

usage: npyMatrix.py FOLDER    FOLDER/expected.json has one entry a file: its header, and its items in C order
"""
import io
import itertools
import json
import sys
from pathlib import Path

import numpy as np
from numpy.lib import format as npy

out = Path(sys.argv[1])
rng = np.random.default_rng(7)
DTYPES = ['bool', 'i1', 'u1', 'i2', 'u2', 'i4', 'u4', 'i8', 'u8', 'f2', 'f4', 'f8']
SHAPES = [(), (1,), (7,), (3, 4), (3, 4, 5), (2, 3, 4, 1), (2, 1, 3, 2), (0, 4, 4)]
expected = []


def write(version, dtype, order, fortran, shape):
    kind = np.dtype(dtype)
    if kind.kind == 'b':
        data = rng.integers(0, 2, shape).astype(bool)
    elif kind.kind == 'f':
        data = np.asarray(rng.normal(0, 1000, shape).astype(kind))
        special = [0.0, -0.0, np.nan, np.inf, -np.inf, np.finfo(kind).tiny, np.finfo(kind).smallest_subnormal, np.finfo(kind).max]
        flat = data.reshape(-1)
        flat[: len(special)] = special[: flat.size]
        data = flat.reshape(shape)
    else:
        info = np.iinfo(kind)
        data = np.asarray(rng.integers(info.min, info.max, shape, dtype=kind, endpoint=True))
        flat = data.reshape(-1)
        flat[:2] = [info.min, info.max][: flat.size]
        data = flat.reshape(shape)
    data = np.asarray(data).astype(kind.newbyteorder(order))
    if fortran:
        data = np.asfortranarray(data)
    buffer = io.BytesIO()
    npy.write_array(buffer, data, version=version)
    name = f'{len(expected):04d}.npy'
    (out / name).write_bytes(buffer.getvalue())
    back = np.load(out / name)
    with np.errstate(over='ignore'):
        items = back.astype(np.float32).ravel(order='C')
    expected.append({
        'file': name,
        'what': f'version {version} {order}{dtype} fortran {fortran} shape {shape}',
        'shape': list(data.shape),
        'dtype': kind.name,
        'fortran': bool(data.flags.f_contiguous and not data.flags.c_contiguous),
        # As bits, so that NaN, infinities and the sign of zero are compared too.
        'bits': items.view(np.uint32).tolist(),
    })


for version, dtype, order, fortran, shape in itertools.product([(1, 0), (2, 0), (3, 0)], DTYPES, '<>', [False, True], SHAPES):
    write(version, dtype, order, fortran, shape)

# Arrays that are refused, each with a word that its message has to have.
refused = {
    'object.npy': (np.array([{'a': 1}], dtype=object), 'Python objects'),
    'text.npy': (np.array(['a', 'bc']), 'text'),
    'bytes.npy': (np.array([b'a', b'bc']), 'text'),
    'record.npy': (np.zeros(3, dtype=[('a', '<f4'), ('b', '<i2')]), 'records'),
    'void.npy': (np.zeros(3, dtype='V5'), 'records'),
    'complex.npy': (np.zeros(3, dtype=np.complex64), 'complex'),
    'date.npy': (np.zeros(3, dtype='M8[D]'), 'dates'),
    'span.npy': (np.zeros(3, dtype='m8[s]'), 'time spans'),
    'long.npy': (np.zeros(3, dtype=np.longdouble), 'unusual size'),
}
for name, (data, _) in refused.items():
    np.save(out / name, data, allow_pickle=True)

# Headers byte for byte as numpy.save writes them, in C order and little endian.
headers = []
for dtype, shape in itertools.product(['b1', 'u1', 'i2', 'f4', 'f8'], [(), (5,), (3, 4), (120, 160, 160, 1), (0, 2), (10**9, 2, 2)]):
    buffer = io.BytesIO()
    data = np.lib.stride_tricks.as_strided(np.zeros(1, dtype), shape, [0] * len(shape))
    npy.write_array_header_1_0(buffer, {'descr': npy.dtype_to_descr(data.dtype), 'fortran_order': False, 'shape': shape})
    headers.append({'dtype': data.dtype.name, 'shape': list(shape), 'bytes': list(buffer.getvalue())})

(out / 'expected.json').write_text(json.dumps({
    'files': expected,
    'refused': [{'file': name, 'word': word} for name, (_, word) in refused.items()],
    'headers': headers,
}))
