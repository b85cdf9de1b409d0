"""Makes variants of a Keras HDF5 file: kerasVariant SOURCE FOLDER KIND[:LAYER]... writes FOLDER/KIND[_LAYER].h5.

keras2.2     as Keras 2.2 under Python 2 and an h5py of its time wrote it: attributes of bytes of fixed length, variables
             that a session numbered (l2_conc15_1/kernel:0), a model of class "Model" with that version's arguments
weights      as save_weights writes it: no model, the layers at the root
chunked      the list of layers in parts, as Keras stores lists above 64 KB
drop, extra, misshapen, notFinite, integers
             with the layer LAYER missing, doubled under another name, cut, with a NaN, as whole numbers
channels, oddSize
             made for images of three channels; of a size that four poolings do not halve
"""
import json
import os
import sys

import h5py
import numpy as np

def texts(values):
    return np.array([v.encode() for v in values]) if values else np.zeros(0)


def make(source, target, kind, layer):
    with h5py.File(source, "r") as old, h5py.File(target, "w") as new:
        config = json.loads(old.attrs["model_config"])
        weights = old["model_weights"]
        names = [str(n) for n in weights.attrs["layer_names"]]
        root = new if kind == "weights" else new.create_group("model_weights")

        if kind == "keras2.2":
            for part in config["config"]["layers"]:
                part["config"].pop("dtype", None)
                part["config"].pop("groups", None)
                for key in list(part["config"]):
                    if key.endswith("_initializer"):
                        part["config"][key] = {"class_name": "VarianceScaling", "config": {"seed": None}}
            config["class_name"] = "Model"
        for part in config["config"]["layers"]:
            if part["class_name"] == "InputLayer" and kind == "channels":
                part["config"]["batch_input_shape"][3] = 3
            if part["class_name"] == "InputLayer" and kind == "oddSize":
                part["config"]["batch_input_shape"][1] = 40
        if kind != "weights":
            version = "2.2.2" if kind == "keras2.2" else "2.15.0"
            for key, value in {"model_config": json.dumps(config), "keras_version": version, "backend": "tensorflow"}.items():
                # Attributes of fixed length end at 64 KB; longer ones, old h5py stored at variable length too.
                fixed = kind == "keras2.2" and len(value) < 60000
                new.attrs[key] = np.bytes_(value.encode()) if fixed else value

        if kind == "drop":
            names.remove(layer)
        listed = names + ["l2_conc99"] if kind == "extra" else names
        if kind == "keras2.2":
            listed = ["model_2" if name == "discriminator" else name for name in names]
        if kind == "chunked":
            for i, part in enumerate(np.array_split(np.array(listed, dtype=object), 3)):
                root.attrs[f"layer_names{i}"] = texts(list(part))
        else:
            root.attrs["layer_names"] = texts(listed)
        for name in listed:
            origin = weights[{"l2_conc99": layer, "model_2": "discriminator"}.get(name, name)]
            group = root.create_group(name)
            paths = []
            for path in origin.attrs["weight_names"]:
                path = str(path)
                values = origin[path][()]
                if name == layer:
                    if kind == "misshapen":
                        values = values[..., :-1]
                    elif kind == "notFinite":
                        values.flat[0] = np.nan
                    elif kind == "integers":
                        values = values.astype(np.int32)
                if kind == "keras2.2" and "/" in path:
                    owner, weight = path.rsplit("/", 1)
                    path = f"{owner}_1/{weight}"
                group[path] = values
                paths.append(path)
            group.attrs["weight_names"] = texts(paths)


source, folder, *wanted = sys.argv[1:]
for one in wanted:
    kind, _, layer = one.partition(":")
    make(source, os.path.join(folder, one.replace(":", "_") + ".h5"), kind, layer or None)
