"""Series → input windows and the samples that follow them."""

from typing import Any

import numpy as np
from jaxtyping import Float

from conv1d_viz.checks import as_series, as_size


def sliding_windows(
    series: Any, window: Any, horizon: Any = 1, target: Any = 0
) -> tuple[Float[np.ndarray, "window step feature"], Float[np.ndarray, "window horizon"]]:
    """Cut a series into all windows of `window` consecutive samples and the `horizon` samples after each.

    Both results are read-only views. Of an array of floats nothing is copied, and a later change of it shows in them.

    Parameters
    ----------
    series : array-like of shape (time,) or (time, feature)
        Finite numbers within ±1e150. float32 and float64 are kept, other numeric types become float64.
    window : int
        Samples in a window.
    horizon : int
        Samples to predict after it. Windows without a full target are left out.
    target : int
        The feature that is predicted.

    Returns
    -------
    x : ndarray of shape (n_windows, window, n_features)
        Window b holds the samples b … b + window - 1; n_windows = time - window - horizon + 1.
    y : ndarray of shape (n_windows, horizon)
        The samples b + window … b + window + horizon - 1 of feature `target`.

    Raises
    ------
    TypeError, ValueError
        If the series is no array of finite numbers, too short, or a size or the target is out of range.

    Examples
    --------
    >>> x, y = sliding_windows([0, 1, 2, 3, 4], window=3)
    >>> x[:, :, 0].tolist(), y.tolist()
    ([[0.0, 1.0, 2.0], [1.0, 2.0, 3.0]], [[3.0], [4.0]])
    """
    window = as_size(window, "window")
    horizon = as_size(horizon, "horizon")
    target = as_size(target, "target", minimum=0)
    samples = as_series(series)
    time, n_features = samples.shape
    if time < window + horizon:
        raise ValueError(
            f"`series` must have at least window + horizon = {window} + {horizon} samples. Got {time} samples."
        )
    if target >= n_features:
        raise ValueError(f"`target` must be a feature of the series, 0..{n_features - 1}. Got {target}.")

    view = np.lib.stride_tricks.sliding_window_view
    x = view(samples[:-horizon], window, axis=0).transpose(0, 2, 1)
    y = view(samples[window:, target], horizon)
    return x, y
