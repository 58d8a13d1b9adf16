"""What the prose of notebook 01 says, one test per section, from the committed model."""

import numpy as np
import pytest

import conv1d_viz as cv

PERIOD = WINDOW = 100
TRAIN_SIZE, SEED = 8_000, 54


@pytest.fixture(scope="module")
def run():
    """The model, its losses, the windows and targets of all 10,000 samples, and its forecasts."""
    model, info = cv.load_model("sine_conv1d"), cv.load_info("sine_conv1d")
    t, wave = cv.toy_series(10_000, period=PERIOD, seed=SEED)
    x, y = cv.sliding_windows(wave, WINDOW)
    # The wave repeats itself, so the forecasts of one period are those of all.
    forecast = np.resize(model.predict(x[:PERIOD], verbose=0), y.shape)
    return model, info, t, wave, x, y, forecast


def mse(guess, truth):
    return float(np.mean((np.asarray(guess) - truth) ** 2))


def test_the_wave(run):
    _, info, t, wave, *_ = run
    assert (t[0], t[-1]) == (0, 9_999)
    assert (wave.min(), wave.max()) == pytest.approx((-1, 1))
    assert np.abs(wave[300:] - wave[:-300]).max() < 1e-9
    assert 300 // PERIOD == 3
    assert len(wave) // PERIOD - 3 == 97
    assert info["seed"] == SEED


def test_windows(run):
    *_, x, y, _ = run
    assert x.shape == (9_900, 100, 1)
    assert y.shape == (9_900, 1)
    assert 10_000 - 100 - 1 + 1 == 9_900
    assert len(cv.sliding_windows(np.arange(14.0), 5)[0]) == 14 - 5 - 1 + 1 == 9


def test_train_and_test(run):
    *_, x, _, _ = run
    rounded = x[:, :, 0].round(9) + 0.0
    parts = {name: {row.tobytes() for row in rounded[rows]} for name, rows in
             {"all": slice(None), "train": slice(TRAIN_SIZE), "test": slice(TRAIN_SIZE, None)}.items()}  # fmt: skip
    assert len(x) - TRAIN_SIZE == 1_900
    assert len(parts["all"]) == 100
    assert parts["all"] == parts["train"] == parts["test"]


def test_the_model(run):
    model, *_ = run
    assert [layer.count_params() for layer in model.layers] == [88, 65, 0]
    assert model.count_params() == 8 * (10 + 1) + 8 * 8 + 1 == 153
    shapes = [cv.layer_activations(model, run[4][:1], layer).shape for layer in ("conv1", "conv2")]
    assert shapes == [(1, 100, 8), (1, 100, 1)]
    assert [layer.name for layer in model.layers] == ["conv1", "conv2", "global_max"]


def test_fit(run):
    loss, validation = (np.array(run[1]["history"][name]) for name in ("loss", "val_loss"))
    assert len(loss) == 100
    assert loss[0] == pytest.approx(0.2, abs=0.05)
    assert loss[-1] == pytest.approx(1.2e-5, rel=0.5)
    assert validation.min() == pytest.approx(1.1e-5, rel=0.5)
    assert validation.argmin() >= 90  # the last epoch on the processor that made the model
    assert (validation / loss).max() == pytest.approx(1.09, abs=0.15)


def test_forecast_over_truth(run):
    *_, y, forecast = run
    error = (forecast - y)[:PERIOD, 0]
    assert np.abs(error).max() < 0.015
    assert error.min() == pytest.approx(-0.0098, abs=0.004)
    assert abs(int(np.abs(error).argmax()) - 25) <= 2  # window 25 forecasts the crest at sample 125
    assert mse(forecast, y) == pytest.approx(1.1e-5, rel=0.5)
    assert mse(forecast[:TRAIN_SIZE], y[:TRAIN_SIZE]) == pytest.approx(mse(forecast[TRAIN_SIZE:], y[TRAIN_SIZE:]))


def test_is_it_any_good(run):
    _, _, _, wave, x, y, forecast = run
    truth, times = y[TRAIN_SIZE:], np.arange(TRAIN_SIZE + WINDOW, 10_000)
    last, phase = mse(x[TRAIN_SIZE:, -1], truth), mse(wave[times - PERIOD, None], truth)
    model = mse(forecast[TRAIN_SIZE:], truth)
    assert last == pytest.approx(0.0020, abs=5e-5)
    assert phase < 1e-20
    assert last / model == pytest.approx(180, rel=0.5)


def test_a_test_that_is_new(run):
    model, _, _, wave, _, y, forecast = run
    noisy = wave + 0.05 * np.random.default_rng(SEED + 1).standard_normal(len(wave))
    x_noisy, y_noisy = (part[TRAIN_SIZE:] for part in cv.sliding_windows(noisy, WINDOW))
    times = np.arange(TRAIN_SIZE + WINDOW, 10_000)
    guess = model.predict(x_noisy, verbose=0)
    errors = [mse(g, y_noisy) for g in (guess, x_noisy[:, -1], noisy[times - PERIOD, None], y[TRAIN_SIZE:])]
    assert len(np.unique(x_noisy[:, :, 0].round(9), axis=0)) == 1_900
    assert errors[0] == pytest.approx(0.0055, abs=2e-4)
    assert errors[1:] == pytest.approx([0.0072, 0.0050, 0.0025], abs=5e-5)
    assert 0.05**2 == pytest.approx(0.0025)  # noqa: SIM300
    assert errors[2] == pytest.approx(2 * 0.05**2, abs=5e-5)
    assert errors[0] - errors[3] == pytest.approx(0.0030, abs=2e-4)
    assert errors[2] < errors[0] < errors[1]
    assert errors[0] / mse(forecast, y) == pytest.approx(500, rel=0.5)
    miss = np.abs(guess - y_noisy)[-200:, 0]
    assert miss.max() == pytest.approx(0.35, abs=0.03)
    assert np.abs(wave[times][-200:][miss.argmax()]) < 0.1
    assert np.gradient(wave)[times][-200:][miss.argmax()] < 0
