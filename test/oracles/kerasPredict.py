"""Opens the three files of each folder in a live Keras and predicts its x.npy: kerasPredict FOLDER...

Writes generator_0 .. generator_3, discriminator_0 and complete_0 .. complete_3 as .npy to the folder, and prints a list
with what Keras says of the models of each folder.
"""
import json
import os
import sys

import numpy as np
from tensorflow import keras

FILES = {"generator": "generator", "discriminator": "discriminator", "complete": "complete_gans"}
facts = []
for folder in sys.argv[1:]:
    x = np.load(os.path.join(folder, "x.npy"))
    facts.append({})
    for name, file in FILES.items():
        model = keras.models.load_model(os.path.join(folder, f"disjoint_un_sup_mse_{file}.h5"))
        # Called at once: predict() would first spend seconds on compiling a graph.
        outputs = model(x, training=False)
        for i, values in enumerate(outputs if isinstance(outputs, list) else [outputs]):
            np.save(os.path.join(folder, f"{name}_{i}.npy"), values.numpy())
        facts[-1][name] = {
            "learningRate": float(keras.backend.get_value(model.optimizer.learning_rate)),
            "weightDecay": float(sum(model.losses)),
            "dropout": [layer.rate for layer in model.layers if isinstance(layer, keras.layers.Dropout)],
        }
print(json.dumps(facts))
