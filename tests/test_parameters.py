"""What cannot be trained is refused with the parameter's name; what can be trains."""

import numpy as np
import pytest

import conv1d_viz as cv


@pytest.mark.parametrize(
    ("changes", "error", "match"),
    [
        ({"window": 0}, ValueError, r"`window` must be at least 1\. Got 0"),
        ({"window": 10.5}, TypeError, r"`window` must be an integer\. Got 10\.5"),
        (
            {"window": 291},
            ValueError,
            r"`window` must leave at least 291 windows.*Got 291 and a horizon of 1.*leave 9 of 300",
        ),
        ({"window": 400}, ValueError, r"leave 0 of 300 samples"),
        ({"horizon": 0}, ValueError, r"`horizon` must be at least 1"),
        ({"horizon": 250}, ValueError, r"`window` must leave at least 50 windows"),
        ({"window": 151}, ValueError, r"`window` must leave at least 151 windows.*leave 149 of 300"),
        (
            {"n_samples": 20, "window": 5, "kernel_size": 5, "head_kernel_size": 5, "horizon": 6},
            ValueError,
            "at least 11",
        ),
        ({"train_size": 250}, ValueError, r"`train_size` must be from 10 to 249 of the 250 windows\. Got 250"),
        ({"train_size": 9}, ValueError, r"`train_size` must be from 10 to 249"),
        ({"channels": 0}, ValueError, r"`channels` must be at least 1"),
        ({"kernel_size": 51}, ValueError, r"`kernel_size` must be at most the window, 50\. Got 51"),
        ({"head_kernel_size": 51}, ValueError, r"`head_kernel_size` must be at most the window, 50\. Got 51"),
        ({"epochs": 0}, ValueError, r"`epochs` must be at least 1"),
        ({"patience": -1}, ValueError, r"`patience` must be at least 0"),
        ({"seed": None}, ValueError, r"`seed` must be an integer from 0 to .*Got None"),
        ({"seed": 2**32 - 2}, ValueError, r"`seed` must be an integer from 0 to"),
        ({"period": 1}, ValueError, r"`period` must be a finite number above 1\. Got 1"),
    ],
)
def test_what_cannot_be_trained(changes, error, match):
    with pytest.raises(error, match=match):
        cv.check_parameters(**{"n_samples": 300, "window": 50} | changes)


def test_windows_to_train_with():
    assert cv.check_parameters(300, 50, patience=0, seed=2**32 - 3) == 200
    assert cv.check_parameters(1049, 50) == 799  # of 999
    assert cv.check_parameters(300, 50, train_size=249) == 249
    assert cv.check_parameters(21, 10, kernel_size=10, head_kernel_size=10, train_size=None) == 10  # of 11
    size = cv.check_parameters(*map(np.uint32, (300, 50, 1)), train_size=np.uint32(100))
    assert type(size) is int
    with pytest.raises(ValueError, match="leave 0 of 10 samples"):
        cv.check_parameters(np.uint32(10), np.uint32(20), np.uint32(1), kernel_size=1, head_kernel_size=1)


def test_the_smallest_that_is_allowed_trains():
    _, wave = cv.toy_series(21, period=5)
    size = cv.check_parameters(21, 10, train_size=10, kernel_size=10, head_kernel_size=10, epochs=1)
    x, y = cv.sliding_windows(wave, 10)
    model = cv.build_model(10, 1, 1, 10, 10, seed=0)
    assert len(x) == 11
    assert len(cv.train(model, x[:size], y[:size], epochs=1)["loss"]) == 1
