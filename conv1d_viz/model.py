"""Build and train the forecaster of the study."""

from collections.abc import Callable
from typing import Any

import numpy as np

from conv1d_viz._checks import as_number, as_seed, as_size
from conv1d_viz._graph import floats_per_window, trace
from conv1d_viz._keras import keras
from conv1d_viz._models import as_model, as_targets, as_windows, chunks

_BATCH = 32
_MOST_WEIGHTS = 2**31  # 8 GB


def build_model(
    window: Any = 100,
    n_features: Any = 1,
    channels: Any = 8,
    kernel_size: Any = 10,
    head_kernel_size: Any = 8,
    horizon: Any = 1,
    seed: Any = None,
) -> Any:
    """Build and compile the study's forecaster: two convolutions and a global maximum.

    Layers "conv1" (`channels` filters, relu), "conv2" (`horizon` filters, tanh) and "global_max"; "same" padding,
    stride 1, mean squared error, Adam with its defaults. The tanh lets it forecast values within -1..1 only.

    Parameters
    ----------
    window : int
        Samples in a window.
    n_features : int
        Features of the series.
    channels : int
        Filters of the first convolution.
    kernel_size, head_kernel_size : int
        Samples that a filter of the first, and steps that one of the second convolution sees.
    horizon : int
        Samples to forecast.
    seed : int or None
        Fixes the initial weights. No global generator is used or changed.

    Returns
    -------
    keras.Sequential
        Takes (n_windows, window, n_features), gives (n_windows, horizon). It is compiled to run a whole pass over up
        to 8,192 windows as one call of an XLA program, which is faster than Keras' defaults.

    Raises
    ------
    TypeError, ValueError
        If a size is no positive integer.
    """
    window, n_features = as_size(window, "window"), as_size(n_features, "n_features")
    channels, horizon = as_size(channels, "channels"), as_size(horizon, "horizon")
    kernel_size = as_size(kernel_size, "kernel_size")
    head_kernel_size = as_size(head_kernel_size, "head_kernel_size")
    n_weights = channels * (kernel_size * n_features + 1) + horizon * (head_kernel_size * channels + 1)
    if n_weights > _MOST_WEIGHTS:
        raise ValueError(
            "`channels`, `kernel_size`, `head_kernel_size`, `n_features` and `horizon` must give at most 2**31 "
            f"weights. Got {n_weights:,}, of {channels} channels, kernels of {kernel_size} and {head_kernel_size}, "
            f"{n_features} features and a horizon of {horizon}."
        )
    # One seed a layer: Keras' own default would draw it from Python's global generator.
    seeds = np.random.SeedSequence(as_seed(seed)).generate_state(2).tolist()
    conv1, conv2 = (keras.initializers.GlorotUniform(seed=s) for s in seeds)
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((window, n_features), name="input"),
            layers.Conv1D(
                channels, kernel_size, padding="same", activation="relu", kernel_initializer=conv1, name="conv1"
            ),
            layers.Conv1D(
                horizon, head_kernel_size, padding="same", activation="tanh", kernel_initializer=conv2, name="conv2"
            ),
            layers.GlobalMaxPooling1D(name="global_max"),
        ],
        name="forecaster",
    )
    # torch would call a C++ compiler, and has no executions of several steps.
    torch = keras.backend.backend() == "torch"
    model.compile(optimizer="adam", loss="mse", jit_compile=not torch, steps_per_execution=1 if torch else 256)
    return model


def train(
    model: Any,
    x: Any,
    y: Any,
    epochs: Any = 100,
    patience: Any = 5,
    validation_split: Any = 0.1,
    seed: Any = 0,
    report: Callable[[str], Any] | None = None,
) -> dict[str, list[float]]:
    """Fit a compiled model with early stopping on the validation loss; it ends with its best weights.

    This is the one function that seeds Keras' global generator (and with it those of NumPy and Python), because
    Keras shuffles the windows with it.

    Parameters
    ----------
    model : keras.Model
        Compiled, with one input and one output. It is trained in place.
    x : array-like of shape (n_windows, window, n_features)
        Input windows in the order of time.
    y : array-like of shape (n_windows, horizon)
        Their targets.
    epochs : int
        Passes over the data at most.
    patience : int
        Epochs without a better validation loss after which training stops.
    validation_split : float
        Share of the windows, the last ones, that is kept for validation; between 0 and 1.
    seed : int or None
        Seed of the shuffling. None leaves the global generator as it is.
    report : callable or None
        Called with a line of text about ten times, such as `print`. The line bounds the validation loss by a power
        of ten, so that it reads the same where another processor rounds differently.

    Returns
    -------
    dict of lists
        "loss" and "val_loss", one number an epoch.

    Raises
    ------
    TypeError, ValueError
        If the arrays do not fit the model or each other, the model is not compiled, or a number is out of range.
    FloatingPointError
        If a loss is no longer finite.
    KeyboardInterrupt
        If it is interrupted. The model then has the best weights so far, as the message says, and its losses are in
        `model.history.history`; before the end of the first epoch it has the weights that it began with. It is
        compiled anew, so that it can be trained again with a fresh optimizer, or the message asks for that (JAX).
    """
    model = as_model(model)
    x = as_windows(model, x)
    y = as_targets(model, y, len(x))
    epochs, patience = as_size(epochs, "epochs"), as_size(patience, "patience", minimum=0)
    split, seed = as_number(validation_split, "validation_split", 0.0, above=True), as_seed(seed)
    n_train = int(len(x) * (1 - split))
    if not 0 < n_train < len(x):
        raise ValueError(
            "`validation_split` must leave windows to train and to validate with, a share between 0 and 1. "
            f"Got {split:g} of {len(x)} windows."
        )
    if seed is not None and seed >= 2**32:
        raise ValueError(f"`seed` must be below 2**32. Got {seed}.")
    if report is not None and not callable(report):
        raise TypeError(f"`report` must be a function or None. Got {report!r}.")
    if not model.compiled:
        raise ValueError(f"`model` must be compiled. Got {model.name!r} without a loss and an optimizer.")

    if seed is not None:
        keras.utils.set_random_seed(seed)
    x, y = np.asarray(x, dtype=np.float32), np.asarray(y, dtype=np.float32)
    stopping = keras.callbacks.EarlyStopping(monitor="val_loss", patience=patience, restore_best_weights=True)
    callbacks = [_validating(model, x[n_train:], y[n_train:]), stopping]
    if report is not None:
        callbacks.append(_reporting(report, epochs))
    weights = model.get_weights()
    try:
        fitted = model.fit(
            x[:n_train],
            y[:n_train],
            batch_size=_BATCH,
            steps_per_epoch=-(-n_train // _BATCH),  # named, it spares Keras one of two data pipelines for each epoch
            epochs=epochs,
            callbacks=callbacks,
            verbose=0,
        )
    except KeyboardInterrupt:
        raise KeyboardInterrupt(_end_early(model, stopping, weights)) from None
    return {name: [float(v) for v in fitted.history[name]] for name in ("loss", "val_loss")}


def _end_early(model: Any, stopping: Any, weights: list[np.ndarray]) -> str:
    """Give an interrupted model its best weights so far, else those that it began with, and say which they are."""
    best = stopping.best_weights
    model.set_weights(weights if best is None else best)
    again = ""
    try:  # Keras may have been interrupted in compiling it
        model.compile_from_config(model.get_compile_config())
    except Exception:  # a loss that Keras cannot read back; or with JAX the optimizer's numbers, which were elsewhere
        again = " Compile it anew before it is trained again."
    if best is None:
        return f"training of `model` was interrupted in its first epoch; it has the weights that it began with.{again}"
    return (
        f"training of `model` was interrupted; it has its best weights so far, those of epoch "
        f"{stopping.best_epoch + 1} with a validation loss of {stopping.best:.3g}. Its losses are in "
        f"`model.history.history`.{again}"
    )


def _validating(model: Any, x: np.ndarray, y: np.ndarray) -> Any:
    """Score the validation windows after each epoch, in one call where they fit into memory.

    Keras' own way sets up a data pipeline for them after each epoch, which takes longer than the scoring.
    """
    graph = trace(model)
    parts = chunks(len(x), floats_per_window(graph, graph.calls, x.shape[1]))

    def score(epoch: int, logs: dict[str, float]) -> None:
        total = 0.0
        for rows in parts:
            loss = float(model.test_on_batch(x[rows], y[rows], return_dict=True)["loss"])
            total += loss * (rows.stop - rows.start)
        logs["val_loss"] = total / len(x)
        if not np.isfinite([logs["loss"], logs["val_loss"]]).all():
            raise FloatingPointError(
                f"training of `model` diverged in epoch {epoch + 1}: loss {logs['loss']:g}, validation loss "
                f"{logs['val_loss']:g}. A lower learning rate or scaled series may help."
            )

    return keras.callbacks.LambdaCallback(on_epoch_end=score)


def _reporting(report: Callable[[str], Any], epochs: int) -> Any:
    every = -(-epochs // 10)

    def line(epoch: int, logs: dict[str, float]) -> None:
        if (epoch + 1) % every == 0 or epoch + 1 == epochs:
            loss = logs["val_loss"]
            bound = 10.0 ** np.ceil(np.log10(loss)) if loss > 0 else 0.0
            report(f"epoch {epoch + 1:{len(str(epochs))}d} of {epochs}: validation loss at most {bound:g}")

    return keras.callbacks.LambdaCallback(on_epoch_end=line)


def layer_rows(model: Any) -> list[tuple[str, str, tuple[int | None, ...], int]]:
    """List name, description, output shape of one window and number of parameters, from the input to each layer."""
    model = as_model(model)
    graph = trace(model)
    rows = [("input", "", tuple(model.inputs[0].shape[1:]), 0)]
    for layer in model.layers:
        outputs = [keys for _, operation, keys in graph.places if operation is layer]
        if isinstance(layer, keras.layers.InputLayer) or not outputs:
            continue
        detail = type(layer).__name__
        if isinstance(layer, keras.layers.Conv1D):
            filters = f"{layer.filters} filter{'s' if layer.filters > 1 else ''} of {layer.kernel_size[0]}"
            activation = getattr(layer.activation, "__name__", type(layer.activation).__name__)
            detail = f"{detail}, {filters}, {activation}"
        rows.append((layer.name, detail, tuple(graph.shapes[outputs[0][0]][1:]), layer.count_params()))
    return rows
