"""
A cohort of made-up participants from the real scans of a folder like ms-open, for trying out what is made for hundreds:
seeded flips, shifts and noise, with BIDS names and the expert masks beside it. The participants are not people.

Usage: makeCohort.py MS_OPEN OUT COUNT [SEED] [CROP]     (needs nibabel)
"""

import json
import os
import sys

import nibabel
import numpy


def main(source, out, count, seed=1, crop=1):
    patients = ["patient07", "patient19"]
    scans = [nibabel.load(os.path.join(source, p, "FLAIR.nii.gz")) for p in patients]
    masks = [nibabel.load(os.path.join(source, p, "lesions.nii.gz")) for p in patients]
    os.makedirs(out, exist_ok=True)
    with open(os.path.join(out, "dataset_description.json"), "w") as file:
        json.dump({"Name": "Made from ms-open by flips, shifts and noise", "BIDSVersion": "1.10.0"}, file)
    with open(os.path.join(out, "README"), "w") as file:
        file.write("Made-up participants from real scans (Lesjak et al. 2017, CC-BY): see makeCohort.py in ASC-Net.\n" * 3)
    for number in range(1, count + 1):
        # Each participant has a stream of its own: more of them change none of the others.
        random = numpy.random.default_rng([seed, number])
        which = int(random.integers(len(scans)))
        values = numpy.asarray(scans[which].dataobj, dtype=numpy.float32)
        truth = numpy.asarray(masks[which].dataobj) > 0
        if crop > 1:
            # Every crop-th slice: thick slices, quick to segment.
            values, truth = values[:, :, ::crop], truth[:, :, ::crop]
        brain = values > 0
        if random.random() < 0.5:
            values, truth, brain = values[::-1], truth[::-1], brain[::-1]
        for axis in (0, 1):
            by = int(random.integers(-6, 7))
            values, truth, brain = (numpy.roll(a, by, axis) for a in (values, truth, brain))
        noise = random.normal(0, 0.02 * values[brain].mean(), values.shape).astype(numpy.float32)
        values = numpy.where(brain, numpy.maximum(values * random.uniform(0.8, 1.2) + noise, 1e-3), 0)
        affine = scans[which].affine.copy()
        affine[:, 2] *= crop
        name = f"sub-{number:02d}"
        folder = os.path.join(out, name, "anat")
        truths = os.path.join(out, "derivatives", "truth", name, "anat")
        os.makedirs(folder, exist_ok=True)
        os.makedirs(truths, exist_ok=True)
        nibabel.Nifti1Image(values.astype(numpy.int16), affine).to_filename(
            os.path.join(folder, f"{name}_FLAIR.nii.gz")
        )
        nibabel.Nifti1Image(truth.astype(numpy.uint8), affine).to_filename(
            os.path.join(truths, f"{name}_label-lesion_mask.nii.gz")
        )


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], *(int(number) for number in sys.argv[3:]))
