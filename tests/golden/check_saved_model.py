"""Opens model files of libnn in Python and compares what they compute there. Run by hand:

    save_models DIRECTORY                     (built with the tests)
    KERAS_BACKEND=jax python tests/golden/check_saved_model.py DIRECTORY/*.safetensors

For each file it rebuilds the model by from_config of keras.Sequential, or keras.Model for a graph, from the
file's metadata, sets the weights, compiles it as the file says, and compares predictions, loss and metrics with those in the JSON
file of the same name (save_models.c tells its form). The optimizer's slots must fit Keras's own.
"""

import json
import os
import pathlib
import sys

os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ.setdefault("JAX_PLATFORMS", "cpu")

import keras
import numpy as np
from safetensors import safe_open

TOLERANCE = 2e-6  # of the largest value; both sides compute in float32


def sine(z):
    return keras.ops.sin(z)


def fourth_power(y_true, y_pred):
    return keras.ops.mean((y_pred - y_true) ** 4, axis=-1)


OWN_PARTS = {"sine": sine, "fourth_power": fourth_power}  # as in save_models.c


def agree(what, found, expected):
    found, expected = np.asarray(found, np.float64), np.asarray(expected, np.float64)
    difference = np.abs(found - expected).max()
    if not difference <= TOLERANCE * max(np.abs(expected).max(), 1e-3):
        raise SystemExit(f"{what}: off by {difference:.3g}: {found} instead of {expected}")


def load(path):
    with safe_open(path, framework="numpy") as file:
        metadata = file.metadata()
        tensors = {name: file.get_tensor(name) for name in file.keys()}
    assert metadata["format"] == "libnn" and metadata["format_version"] == "1", metadata
    return metadata, tensors


def rebuild(metadata, tensors):
    config = json.loads(metadata["config"])
    model = (keras.Model if "output_layers" in config else keras.Sequential).from_config(config)
    names = {f"{layer.name}/{w.name}": w for layer in model.layers for w in layer.weights}
    for name, weight in names.items():
        assert tensors[name].shape == tuple(weight.shape), name
        weight.assign(tensors[name])
    rest = set(tensors) - set(names)
    assert all(name.startswith("optimizer/") for name in rest), rest
    return model, names, rest


def check_optimizer(model, tensors, names, slots):
    """Each trainable weight has the slots that Keras's optimizer has."""
    optimizer = model.optimizer
    optimizer.build(model.trainable_variables)
    kept = [v for v in optimizer.variables if v.name not in ("iteration", "learning_rate")]
    assert len(kept) == len(slots), (slots, [v.name for v in kept])
    shapes = sorted(tuple(v.shape) for v in kept)
    assert shapes == sorted(tensors[name].shape for name in slots), shapes
    for slot in slots:
        assert slot.split("/", 2)[2] in names, slot


def apart(values, rows, ends):
    """The parts that lie side by side in rows of values, in the shapes of a model's inputs or outputs."""
    shapes = [tuple(end.shape[1:]) for end in ends]
    table, made = np.array(values, np.float32).reshape(rows, -1), []
    if len(shapes) == 1:
        return table.reshape(rows, *(shapes[0] if table.shape[1] == np.prod(shapes[0]) else (-1,)))
    for shape in shapes:
        width = int(np.prod(shape))
        made.append(table[:, :width].reshape(rows, *shape))
        table = table[:, width:]
    return made


def beside(y):
    parts = y if isinstance(y, list) else [y]
    return np.concatenate([p.reshape(len(p), -1) for p in parts], axis=1)


def check(path):
    metadata, tensors = load(path)
    wanted = json.loads(path.with_suffix(".json").read_text())
    model, names, slots = rebuild(metadata, tensors)
    rows = len(wanted["x"]) // sum(int(np.prod(i.shape[1:])) for i in model.inputs)
    x = apart(wanted["x"], rows, model.inputs)
    predictions = model.predict(x, verbose=0)
    agree(f"{path.name}: predictions", beside(predictions).ravel(), wanted["predictions"])

    model.compile_from_config(json.loads(metadata["compile"]))
    check_optimizer(model, tensors, names, slots)
    y = apart(wanted["y"], rows, model.outputs)
    found = model.evaluate(x, y, return_dict=True, verbose=0)
    assert set(found) == set(wanted["evaluated"]), (found, wanted["evaluated"])
    for name, value in wanted["evaluated"].items():
        agree(f"{path.name}: {name}", found[name], value)
    layers = ", ".join(layer.__class__.__name__ for layer in model.layers)
    print(f"{path.name}: {layers}; {len(slots)} slots; {found}")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    for argument in sys.argv[1:]:
        keras.utils.clear_session()  # names begin anew; it would end the scope, too
        with keras.saving.custom_object_scope(OWN_PARTS):
            check(pathlib.Path(argument))
