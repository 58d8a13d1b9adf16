"""What a training does after each epoch: score the validation windows, keep the best weights, and report."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from conv1d_viz.network.backend import keras
from conv1d_viz.network.graph import floats_per_window, trace
from conv1d_viz.network.layers import chunks


class Epoch(NamedTuple):
    epoch: int
    loss: float
    weights: list[np.ndarray]


Best = list[Epoch]  # of none or one


def keeping(model: Any, best: Best) -> Any:
    """Keep the best epoch in `best`, at once: an interrupt leaves it as it was, or finds the new one whole.

    Keras' EarlyStopping sets the loss and the epoch before it copies the weights.
    """

    def keep(epoch: int, logs: dict[str, float]) -> None:
        if not best or logs["val_loss"] < best[0].loss:
            best[:] = [Epoch(epoch, logs["val_loss"], model.get_weights())]

    return keras.callbacks.LambdaCallback(on_epoch_end=keep)


def validating(model: Any, x: np.ndarray, y: np.ndarray) -> Any:
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


def reporting(report: Callable[[str], Any], epochs: int) -> Any:
    every = -(-epochs // 10)

    def line(epoch: int, logs: dict[str, float]) -> None:
        if (epoch + 1) % every == 0 or epoch + 1 == epochs:
            loss = logs["val_loss"]
            bound = 10.0 ** np.ceil(np.log10(loss)) if loss > 0 else 0.0
            report(f"epoch {epoch + 1:{len(str(epochs))}d} of {epochs}: validation loss at most {bound:g}")

    return keras.callbacks.LambdaCallback(on_epoch_end=line)
