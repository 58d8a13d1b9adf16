"""Train what the notebooks read but do not train themselves; each is written into this folder.

- noisy_conv1d: the study's forecaster, trained on the sine with noise of standard deviation 0.05.
- sine_seeds: the study's forecaster from 32 random starts. Those that the file already holds are not trained again.
- cbf_fcn: a fully convolutional classifier of cylinders, bells and funnels, which notebook 07 takes apart.

Notebook 01 makes sine_conv1d, and notebook 06 makes elnino_conv1d.
"""

import argparse

import joblib
import keras

import conv1d_viz as cv

STUDY = {"series": "sine", "period": 100, "noise": 0.0, "n_samples": 10_000, "window": 100, "horizon": 1}
STUDY |= {"train_size": 8_000, "channels": 8, "kernel_size": 10, "head_kernel_size": 8, "epochs": 100, "patience": 5}
NOISY = STUDY | {"noise": 0.05}
SEED = 54  # that of notebook 01
CLASSIFIER = {"filters": [8, 16, 8], "kernel_sizes": [8, 5, 3], "epochs": 100, "patience": 15, "seed": 0}
SAMPLES = {"n": 900, "length": 128, "noise": 1.0, "seed": 100}  # of cylinder_bell_funnel


def make_one(name, series, parameters, **info):
    """Train a model on the first windows of a series and save it with its info, as notebook 01 does."""
    x, y = cv.sliding_windows(series, parameters["window"], parameters["horizon"])
    sizes = [parameters[size] for size in ("channels", "kernel_size", "head_kernel_size", "horizon")]
    model = cv.build_model(parameters["window"], 1, *sizes, seed=SEED)
    train_size, epochs, patience = (parameters[size] for size in ("train_size", "epochs", "patience"))
    history = cv.train(model, x[:train_size], y[:train_size], epochs, patience, seed=SEED)
    info = {"parameters": parameters, "seed": SEED, **info, "history": history}
    cv.save_model(model, name, overwrite=True, info=info)


def make_classifier(parameters, samples):
    """Train the network of Wang, Yan and Oates (2017), with fewer filters, and save it with its info."""
    x, labels = cv.cylinder_bell_funnel(**samples)
    keras.utils.set_random_seed(parameters["seed"])
    steps = inputs = keras.Input(x.shape[1:])
    for k, (filters, size) in enumerate(zip(parameters["filters"], parameters["kernel_sizes"], strict=True), start=1):
        steps = keras.layers.Conv1D(filters, size, padding="same", name=f"conv{k}")(steps)
        steps = keras.layers.BatchNormalization(name=f"norm{k}")(steps)
        steps = keras.layers.ReLU(name=f"block{k}")(steps)
    mean = keras.layers.GlobalAveragePooling1D(name="mean")(steps)
    model = keras.Model(inputs, keras.layers.Dense(3, "softmax", name="classes")(mean), name="cbf_fcn")
    model.compile("adam", "sparse_categorical_crossentropy")
    stop = keras.callbacks.EarlyStopping(patience=parameters["patience"], restore_best_weights=True)
    options = {"epochs": parameters["epochs"], "validation_split": 0.1, "callbacks": [stop], "verbose": 0}
    history = model.fit(x, labels, **options).history
    info = {"parameters": parameters, "samples": samples, "history": history}
    cv.save_model(model, "cbf_fcn", overwrite=True, info=info)


def main():
    """Train all of them."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--epochs", type=int, help="of each training at most, for a quick look")
    options.add_argument("--seeds", type=int, default=32, help="random starts (default: %(default)s)")
    given = options.parse_args()
    shorter = {} if given.epochs is None else {"epochs": given.epochs}

    _, noisy = cv.toy_series(NOISY["n_samples"], noise=NOISY["noise"], seed=SEED)
    # For the notebooks: the same wave with a noise that no training has seen.
    unseen = {"period": NOISY["period"], "noise": NOISY["noise"], "shape": NOISY["series"], "seed": SEED + 2}
    make_one("noisy_conv1d", noisy, NOISY | shorter, wave=unseen)

    make_classifier(CLASSIFIER | shorter, SAMPLES)

    _, wave = cv.toy_series(STUDY["n_samples"])
    x, y = (part[: STUDY["train_size"]] for part in cv.sliding_windows(wave, STUDY["window"]))
    with joblib.parallel_config(n_jobs=-1):  # one process per core
        cv.train_many(range(given.seeds), x, y, "sine_seeds", epochs=given.epochs or STUDY["epochs"], progress=True)


if __name__ == "__main__":
    main()
