"""
Reads the results of `asc-net batch` or `asc-net bids` in Python: Dice of every mask against a true one.

Everything a batch writes is NIfTI, TSV or JSON: scans.tsv has a line for each scan (read with pandas.read_csv(sep="\t") where
you have it), lesions.tsv one for each lesion, batch/ID.json what is known of one scan.

Usage: python diceOfBatch.py OUT "TRUTH"        (needs nibabel)
  TRUTH  path of the true masks, where {id}, {subject} and {session} stand for those of a scan:
         "truth/sub-{subject}/anat/sub-{subject}_label-lesion_mask.nii.gz"
Prints a TSV with id and dice to stdout.
"""

import csv
import os
import sys

import nibabel
import numpy


def scans(out):
    """The rows of scans.tsv of the scans that are done, as dictionaries."""
    with open(os.path.join(out, "scans.tsv"), newline="", encoding="utf-8") as file:
        return [row for row in csv.DictReader(file, delimiter="\t") if row["state"] == "done"]


def dice(prediction, truth):
    """2 |P and T| / (|P| + |T|), a voxel being set where it is above one half; 1 where both are empty."""
    p = numpy.asanyarray(nibabel.load(prediction).dataobj) > 0.5
    t = numpy.asanyarray(nibabel.load(truth).dataobj) > 0.5
    if p.shape != t.shape:
        raise ValueError(f"{prediction} and {truth} lie on different grids: {p.shape} and {t.shape}")
    total = int(p.sum()) + int(t.sum())
    return 2 * int((p & t).sum()) / total if total else 1.0


def main(out, pattern):
    print("id\tdice")
    for row in scans(out):
        truth = pattern.format(id=row["id"], subject=row["subject"], session=row["session"])
        print(f"{row['id']}\t{dice(os.path.join(out, row['mask']), truth):.9f}")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2])
