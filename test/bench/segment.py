"""One volume taken apart with nibabel, NumPy and SciPy: the steps of our `segment`."""
import csv
import os

import nibabel as nib
import numpy as np
from scipy import ndimage

SIDE = 160
BATCH = 4
THRESHOLD = 0.5


def crop(slices, side=SIDE):
    """Centres each slice in a square, and says how to go back."""
    out = np.zeros((len(slices), side, side), np.float32)
    source, target = [], []
    for size in slices.shape[1:]:
        cut, pad = max(0, (size - side) // 2), max(0, (side - size) // 2)
        n = min(size, side)
        source.append(slice(cut, cut + n))
        target.append(slice(pad, pad + n))
    out[:, target[0], target[1]] = slices[:, source[0], source[1]]
    return out, source, target


def segment(path, out, predict):
    image = nib.load(path)
    values = image.get_fdata(dtype=np.float32)
    labels, count = ndimage.label(values > 0)
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    brain = ndimage.binary_fill_holes(labels == sizes.argmax())
    low, high = np.percentile(values[brain], [0.5, 99.95])
    scaled = np.where(brain, np.clip((values - low) / (high - low), 0, 1), 0).astype(np.float32)
    slices, source, target = crop(np.ascontiguousarray(scaled.transpose(2, 1, 0)))
    maps = [np.zeros_like(slices) for _ in range(3)]
    for at in range(0, len(slices), BATCH):
        for kept, part in zip(maps, predict(slices[at : at + BATCH, :, :, None])):
            kept[at : at + BATCH] = part[..., 0]
    np.histogram(maps[2][slices > 0], bins=500, range=(0, 1))
    iro = np.zeros(values.shape[::-1], np.float32)
    iro[:, source[0], source[1]] = maps[2][:, target[0], target[1]]
    iro = iro.transpose(2, 1, 0)
    judged = ndimage.binary_erosion(brain, iterations=2)
    iro = np.where(judged, iro, 0)
    everywhere = np.ones((3, 3, 3))
    labels, count = ndimage.label(iro > THRESHOLD, everywhere)
    sizes = np.bincount(labels.ravel())
    mask = (sizes >= 10)[labels] & (labels > 0)
    labels, count = ndimage.label(mask, everywhere)
    index = np.arange(1, count + 1)
    os.makedirs(f'{out}/theirs', exist_ok=True)
    with open(f'{out}/theirs/lesions.csv', 'w', newline='') as file:
        table = csv.writer(file)
        rows = zip(
            index,
            np.bincount(labels.ravel())[1:],
            ndimage.center_of_mass(mask, labels, index) if count else [],
            ndimage.mean(values, labels, index) if count else [],
            ndimage.maximum(iro, labels, index) if count else [],
        )
        table.writerows(rows)
    nib.save(nib.Nifti1Image(mask.astype(np.uint8), image.affine, image.header), f'{out}/theirs/mask.nii.gz')
    nib.save(nib.Nifti1Image(iro.astype(np.float32), image.affine), f'{out}/theirs/iro.nii.gz')


def make(path, slices):
    """A head of the size of the usual template: noise in a ball, air of zeros around it."""
    shape = (182, 218, slices)
    rng = np.random.default_rng(7)
    axes = np.meshgrid(*[np.linspace(-1, 1, n, dtype=np.float32) for n in shape], indexing='ij', sparse=True)
    radius = np.sqrt(sum(axis * axis for axis in axes))
    values = 900 - 500 * radius + rng.normal(0, 15, shape).astype(np.float32)
    values[radius > 0.85] = 0
    nib.save(nib.Nifti1Image(values.astype(np.int16), np.diag([-1, 1, 1, 1])), path)


if __name__ == '__main__':
    import sys

    make(sys.argv[1], int(sys.argv[2]))
