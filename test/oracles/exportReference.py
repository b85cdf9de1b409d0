"""Exports the Keras reference as plain .npy files by name: kerasReference OUT.

The weights come from the HDF5 files ("generator/l2_conc15/kernel.npy" with "/" as "__"), the recorded arrays from the
.npz files, each in a folder named after its file.
"""
import json
import os
import sys

import h5py
import numpy as np

source, out = sys.argv[1], sys.argv[2]


def save(folder, name, value):
    os.makedirs(os.path.join(out, folder), exist_ok=True)
    np.save(os.path.join(out, folder, name.replace(":0", "").replace("/", "__") + ".npy"), np.asarray(value, np.float32))


for network in ("generator", "discriminator"):
    with h5py.File(os.path.join(source, f"disjoint_un_sup_mse_{network}.h5"), "r") as file:
        weights = file["model_weights"]
        for layer in weights.attrs["layer_names"]:
            for name in weights[layer].attrs["weight_names"]:
                save(network, name if isinstance(name, str) else name.decode(), weights[layer][name][()])
for name in sorted(os.listdir(source)):
    if name.endswith(".npz"):
        with np.load(os.path.join(source, name)) as arrays:
            for key in arrays.files:
                save(name[:-4], key, arrays[key])
    elif name.endswith(".npy"):
        save(".", name[:-4], np.load(os.path.join(source, name)))
print(json.dumps(sorted(os.listdir(out))))
