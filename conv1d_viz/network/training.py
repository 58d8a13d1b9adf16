"""Train a forecaster: early stopping, validation in one call, and an end that keeps the best weights."""

from collections.abc import Callable
from typing import Any

import numpy as np

from conv1d_viz.checks import as_number, as_seed, as_size
from conv1d_viz.network._callbacks import Best, keeping, reporting, validating
from conv1d_viz.network._memory import require_room
from conv1d_viz.network.backend import keras
from conv1d_viz.network.layers import as_model, as_targets, as_windows, is_compiled

_BATCH = 32


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
        If the arrays do not fit the model or each other, the model is not compiled, a number is out of range, or memory
        does not hold the windows.
    FloatingPointError
        If a loss is no longer finite.
    KeyboardInterrupt
        If it is interrupted.

    Notes
    -----
    However it ends early, the model then has the best weights so far, as the message or a note below it says, and its
    losses are in `model.history.history`; before the end of the first epoch it has the weights that it began with. It
    is compiled anew, so that it can be trained again with a fresh optimizer, or the message asks for that (JAX).
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
    if not is_compiled(model):
        raise ValueError(f"`model` must be compiled. Got {model.name!r} without a loss and an optimizer.")
    require_room(x.shape, np.float32, "x", "training holds all windows at once")

    if seed is not None:
        keras.utils.set_random_seed(seed)
    x, y = np.asarray(x, dtype=np.float32), np.asarray(y, dtype=np.float32)
    stopping = keras.callbacks.EarlyStopping(monitor="val_loss", patience=patience)
    best: Best = []
    # The losses are kept before anything is done with them: `report` may end the training.
    callbacks = [
        validating(model, x[n_train:], y[n_train:]),
        keras.callbacks.History(),
        keeping(model, best),
        stopping,
    ]
    if report is not None:
        callbacks.append(reporting(report, epochs))
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
        model.set_weights(best[0].weights)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(_end_early(model, best, weights)) from None
    except Exception as error:  # a loss that is none, or an error of `report`
        error.add_note(_end_early(model, best, weights))
        raise
    return {name: [float(v) for v in fitted.history[name]] for name in ("loss", "val_loss")}


def _end_early(model: Any, best: Best, weights: list[np.ndarray]) -> str:
    """Give a model its best weights so far, else those that it began with, and say which they are."""
    model.set_weights(best[0].weights if best else weights)
    again = ""
    try:  # Keras may have been interrupted in compiling it
        model.compile_from_config(model.get_compile_config())
    except Exception:  # a loss that Keras cannot read back; or with JAX the optimizer's numbers, which were elsewhere
        again = " Compile it anew before it is trained again."
    if not best:
        return f"training of `model` ended early, in its first epoch; it has the weights that it began with.{again}"
    return (
        f"training of `model` ended early; it has its best weights so far, those of epoch "
        f"{best[0].epoch + 1} with a validation loss of {best[0].loss:.3g}. Its losses are in "
        f"`model.history.history`.{again}"
    )
