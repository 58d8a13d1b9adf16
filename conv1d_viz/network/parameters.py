"""What the parameters of notebook 1 must be for a series, checked together before any work."""

from typing import Any

from conv1d_viz.checks import as_number, as_seed, as_size


def check_parameters(
    n_samples: Any,
    window: Any,
    horizon: Any = 1,
    train_size: Any = None,
    channels: Any = 8,
    kernel_size: Any = 10,
    head_kernel_size: Any = 8,
    epochs: Any = 100,
    patience: Any = 5,
    seed: Any = 0,
    period: Any = None,
) -> int:
    """Check that a forecaster can be trained and tested with these numbers; return how many windows train it.

    Parameters
    ----------
    n_samples : int
        Samples of the series.
    window, horizon : int
        As for `sliding_windows`.
    train_size : int or None
        Windows to train with; at least 10, and at least 1 must be left to test with. None: four fifths.
    channels, kernel_size, head_kernel_size : int
        As for `build_model`. A kernel may be as long as the window.
    epochs, patience, seed : int
        As for `train`.
    period : float or None
        Samples a period, above 1, where the series has one.

    Returns
    -------
    int
        The windows that train.

    Raises
    ------
    TypeError, ValueError
        Naming the parameter, what it must be and what came.
    """
    n_samples, window, horizon = as_size(n_samples, "n_samples"), as_size(window, "window"), as_size(horizon, "horizon")
    as_size(channels, "channels")
    as_size(epochs, "epochs")
    as_size(patience, "patience", minimum=0)
    if as_seed(seed) is None or not 0 <= seed < 2**32 - 2:  # notebooks count on from it for other noises
        raise ValueError(f"`seed` must be an integer from 0 to 2**32 - 3. Got {seed!r}.")
    if period is not None:
        as_number(period, "period", 1.0, above=True)
    for name, size in {"kernel_size": kernel_size, "head_kernel_size": head_kernel_size}.items():
        if as_size(size, name) > window:
            raise ValueError(f"`{name}` must be at most the window, {window}. Got {size}.")
    n_windows: int = n_samples - window - horizon + 1
    # Notebooks 2 and 3 need a time that all steps of a window see, so as many windows as these have steps.
    needed = max(11, window)
    if n_windows < needed:
        raise ValueError(
            f"`window` must leave at least {needed} windows, at least one a step. Got {window} and a horizon of "
            f"{horizon}, which leave {max(n_windows, 0)} of {n_samples} samples."
        )
    if train_size is None:
        return max(10, n_windows * 4 // 5)
    n_train = as_size(train_size, "train_size")
    if not 10 <= n_train < n_windows:
        raise ValueError(f"`train_size` must be from 10 to {n_windows - 1} of the {n_windows} windows. Got {n_train}.")
    return n_train
