"""Train a forecaster: early stopping, and the best weights kept however training ends."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from conv1d_viz.checks import as_number, as_seed, as_size
from conv1d_viz.network.backend import keras
from conv1d_viz.network.graph import trace
from conv1d_viz.network.layers import as_model, as_targets, as_windows, chunks, is_compiled


class _Epoch(NamedTuple):
    number: int
    loss: float
    weights: list[np.ndarray]


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
    """Fit a compiled model in place, with early stopping on the validation loss; it ends with its best weights.

    If training ends early, the model has its best weights so far; the error's message or note says so. This is the one
    function that seeds the global generators of Keras, NumPy and Python: Keras shuffles the windows with them.

    Parameters
    ----------
    model, x, y
        A compiled model with one input and one output; windows in the order of time, (n_windows, window, n_features),
        and their targets, of the shape of the forecasts, or without the last axis: one value, or a class number.
    epochs, patience : int
        Passes over the data at most; epochs without a better validation loss after which training stops.
    validation_split : float
        Share of the windows, the last ones, that is kept for validation; between 0 and 1.
    seed, report : int or None, and callable or None
        Seed of the shuffling, where None leaves the global generators as they are. `report`, such as `print`, is called
        about ten times with the validation loss, rounded up to a power of ten: the same text on every processor.

    Returns
    -------
    dict of lists
        "loss" and "val_loss", one number per epoch. A loss that is no longer finite raises a FloatingPointError.
    """
    model = as_model(model, "output")
    x = as_windows(model, x)
    y = as_targets(model, y, len(x))
    epochs, patience, seed = as_size(epochs, "epochs"), as_size(patience, "patience", minimum=0), as_seed(seed)
    split = as_number(validation_split, "validation_split", 0.0, above=True)
    n_train, every = int(len(x) * (1 - split)), -(-epochs // 10)
    if not 0 < n_train < len(x):
        asked = "a share between 0 and 1 that leaves windows to train and to validate with"
        raise ValueError(f"`validation_split` must be {asked}. Got {split:g} of {len(x)} windows.")
    if not is_compiled(model):
        raise ValueError(f"`model` must be compiled. Got {model.name!r} without a loss and an optimizer.")
    if seed is not None:
        keras.utils.set_random_seed(seed)
    x, y = np.asarray(x, dtype=np.float32), np.asarray(y, dtype=np.float32)
    graph = trace(model)
    sizes = chunks(len(x) - n_train, graph.floats_per_window(graph.calls, x.shape[1]))
    parts = [slice(n_train + size.start, n_train + size.stop) for size in sizes]
    # Keras' EarlyStopping sets the loss and the epoch before it copies the weights: an interrupt may come between them.
    best = [_Epoch(0, np.inf, model.get_weights())]

    def score(epoch: int, logs: dict[str, float]) -> None:
        """Computed here: Keras would set up a pipeline for the validation data after each epoch, which is slower."""
        losses = [float(model.test_on_batch(x[p], y[p], return_dict=True)["loss"]) for p in parts]
        logs["val_loss"] = float(np.average(losses, weights=[part.stop - part.start for part in parts]))
        if not np.isfinite([logs["loss"], logs["val_loss"]]).all():
            got = f"loss {logs['loss']:g}, validation loss {logs['val_loss']:g}"
            way_out = "A lower learning rate or a scaled series may help"
            raise FloatingPointError(f"training of `model` diverged in epoch {epoch + 1}: {got}. {way_out}.")

    def judge(epoch: int, logs: dict[str, float]) -> None:
        loss = logs["val_loss"]
        if loss < best[0].loss:
            best[:] = [_Epoch(epoch, loss, model.get_weights())]
        elif epoch - best[0].number >= patience:
            model.stop_training = True
        if report is not None and ((epoch + 1) % every == 0 or epoch + 1 == epochs):
            bound = 10.0 ** np.ceil(np.log10(loss)) if loss > 0 else 0.0
            report(f"epoch {epoch + 1:{len(str(epochs))}d} of {epochs}: validation loss at most {bound:g}")

    # The losses are kept before anything is done with them: `report` may end the training.
    after = keras.callbacks.LambdaCallback
    callbacks = [after(on_epoch_end=score), keras.callbacks.History(), after(on_epoch_end=judge)]
    # Giving the number of steps spares Keras one of two data pipelines per epoch.
    options = {"batch_size": 32, "steps_per_epoch": -(-n_train // 32), "epochs": epochs, "verbose": 0}
    try:
        history = model.fit(x[:n_train], y[:n_train], callbacks=callbacks, **options).history
        model.set_weights(best[0].weights)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(_end_early(model, best[0])) from None
    except Exception as error:  # a loss that is not finite, or an error of `report`
        error.add_note(_end_early(model, best[0]))
        raise
    return {name: [float(v) for v in history[name]] for name in ("loss", "val_loss")}


def _end_early(model: Any, best: _Epoch) -> str:
    """Give a model its best weights so far, else those that it began with, and say which they are."""
    model.set_weights(best.weights)
    try:  # Keras may have been interrupted in compiling it
        own = {"steps_per_execution": model.steps_per_execution, "jit_compile": model.jit_compile}  # see `load_model`
        model.compile_from_config(model.get_compile_config() | own)
        again = ""
    except Exception:  # a loss that Keras cannot read back; or with JAX the optimizer's numbers, which were elsewhere
        again = " Compile it anew before it is trained again."
    if best.loss == np.inf:
        return f"training of `model` ended early, in its first epoch; it has the weights that it began with.{again}"
    which = f"its best weights so far, those of epoch {best.number + 1} with a validation loss of {best.loss:.3g}"
    return f"training of `model` ended early; it has {which}. Its losses are in `model.history.history`.{again}"
