"""Holds a volume that we converted from a DICOM series against SimpleITK's (GDCM's) reading of the series.

usage: dicomCheck.py FOLDER OURS.nii     prints {"faults": [...], "patient": [name, id, birth date]}
"""
import json
import sys

import nibabel as nib
import numpy as np
import SimpleITK as sitk

reader = sitk.ImageSeriesReader()
files = reader.GetGDCMSeriesFileNames(sys.argv[1])
reader.SetFileNames(files)
theirs = reader.Execute()
voxels = sitk.GetArrayFromImage(theirs)  # z, y, x
ours = nib.load(sys.argv[2])
data = np.asanyarray(ours.dataobj)
faults = []
if sorted(ours.shape) != sorted(theirs.GetSize()):
    faults.append(f'{ours.shape} voxels, and GDCM has {theirs.GetSize()}')
to_voxel = np.linalg.inv(ours.affine)
rng = np.random.default_rng(3)
for _ in range(300):
    index = [int(rng.integers(size)) for size in theirs.GetSize()]
    point = np.array(theirs.TransformIndexToPhysicalPoint(index)) * [-1, -1, 1]  # LPS to RAS
    voxel = nib.affines.apply_affine(to_voxel, point)
    nearest = np.rint(voxel).astype(int)
    # The scanner rounded the slices' positions, so gaps are 6.96 to 7.07 mm. dcm2niix takes the first gap for all, and
    # GDCM their mean: a hundredth of a slice a slice.
    if (np.abs(voxel - nearest) > [0.02, 0.02, 0.02 + 0.0101 * index[2]]).any():
        faults.append(f'GDCM has a voxel centre at {point.tolist()}, which is our voxel {voxel.tolist()}')
        break
    if data[tuple(nearest)] != voxels[tuple(reversed(index))]:
        faults.append(f'at {point.tolist()}: {data[tuple(nearest)]}, and GDCM has {voxels[tuple(reversed(index))]}')
        break
single = sitk.ImageFileReader()
single.SetFileName(files[0])
single.ReadImageInformation()
tags = ['0010|0010', '0010|0020', '0010|0030']
print(json.dumps({'faults': faults, 'patient': [single.GetMetaData(t).strip() if single.HasMetaDataKey(t) else '' for t in tags]}))
