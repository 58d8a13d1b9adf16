"""Numbers and claims in the prose of notebooks/further/05_noise.ipynb, by section."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import conv1d_viz as cv

SHAPES = {"half-wave": "half_sine", "pulse": "pulse", "harmonics": "harmonics"}
WAVES = ["sine", *SHAPES, "noisy sine"]


@pytest.fixture(scope="module")
def found():
    model, noisy = cv.load_model("sine_conv1d"), cv.load_model("noisy_conv1d")
    wave_of = {name: cv.load_info(name)["wave"] for name in ("sine_conv1d", "noisy_conv1d")}
    waves = {"sine": cv.toy_series(300, 10_000, **wave_of["sine_conv1d"])[1]}
    waves |= {name: cv.toy_series(300, 10_000, shape=shape)[1] for name, shape in SHAPES.items()}
    waves["noisy sine"] = cv.toy_series(300, 10_000, **wave_of["noisy_conv1d"])[1]
    cases = {name: (model, wave) for name, wave in waves.items()} | {"with noise": (noisy, waves["noisy sine"])}
    padded, t = cv.receptive_field(model, "conv2").sees_padding(100, 100), np.arange(300)
    roles, studies, at_edge, last = {}, {}, {}, {}
    for name, (network, wave) in cases.items():
        line = cv.series_timeline(network, wave, "conv1", 100, fill=None, reduce="mean")
        roles[name] = cv.channel_roles(line[99:-99], np.arange(101) + 99.5, wave, t, 100)
        x, y = cv.sliding_windows(wave, 100)
        studies[name] = cv.ablation_study(network, x, y, "conv1", "all")
        picked = cv.layer_activations(network, x, "conv2")[:, :, 0].argmax(axis=1)
        at_edge[name], last[name] = padded[picked].mean(), np.mean((x[:, -1:, 0] - y) ** 2)
    pairs = {name: study.pair_matrix() for name, study in studies.items()}
    return SimpleNamespace(
        model=model,
        noisy=noisy,
        waves=waves,
        wave_of=wave_of,
        roles=roles,
        pairs=pairs,
        at_edge=at_edge,
        last=pd.Series(last),
        base=pd.Series({name: study.baseline_mse for name, study in studies.items()}),
        cost=pd.DataFrame({name: pairs[name].diagonal() - study.baseline_mse for name, study in studies.items()}),
        share=pd.DataFrame({name: study.shapley_values() for name, study in studies.items()}),
        response=pd.DataFrame({name: table["response"] for name, table in roles.items()}),
    )


def test_two_models_five_waves(found):
    assert found.model.count_params() == found.noisy.count_params() == 153
    assert cv.load_info("sine_conv1d")["seed"] == cv.load_info("noisy_conv1d")["seed"]
    assert found.wave_of["noisy_conv1d"] == found.wave_of["sine_conv1d"] | {"noise": 0.05}
    assert (found.waves["pulse"] == 1).mean() == 0.2


def test_what_do_the_channels_respond_to(found):
    assert found.roles["sine"].loc[6, "role"] == "trough"
    assert found.response.loc[6, ["half-wave", "pulse"]].max() < 0.001
    assert [found.waves[name].min() for name in ("half-wave", "pulse")] == [0, 0]
    assert found.waves["harmonics"].min().round(2) == -0.61
    assert found.response.loc[[5, 6], "harmonics"].round(2).tolist() == [2.15, 0.14]
    assert [found.roles[name].loc[6, "role"] for name in SHAPES] == ["silent"] * 3
    role = pd.DataFrame({name: found.roles[name]["role"] for name in WAVES})
    changed = role.ne(role["sine"], axis=0).sum()
    assert changed.tolist() == [0, 3, 5, 4, 0]
    assert (role["pulse"] == "crest").sum() == 3
    bias = found.model.get_layer("conv1").get_weights()[1]
    assert np.flatnonzero(bias > 0).tolist() == [1, 4, 5, 7]
    assert bias[7] < 0.1 < bias[[1, 4, 5]].min()
    explained = found.roles["pulse"]["explained"]
    assert explained[found.roles["pulse"]["role"] == "other"].max() < 0.5
    assert found.roles["harmonics"]["explained"][[1, 2]].min() > 0.5  # "other" since their sine is weak


def test_is_it_still_a_forecast(found):
    base, last = found.base, found.last
    assert (base["sine"].round(6), last["sine"].round(6)) == (0.000011, 0.001973)
    assert last[list(SHAPES)].round(4).tolist() == [0.0010, 0.0200, 0.0037]
    assert base[list(SHAPES)].round(4).tolist() == [0.0018, 0.0761, 0.0314]
    assert (base / last)[["half-wave", "harmonics"]].round(1).tolist() == [1.8, 8.5]
    assert (base / last)["pulse"].round(1) == 3.8
    assert [error["noisy sine"].round(4) for error in (base, last)] == [0.0058, 0.0063]  # notebook 1's: test_01.py
    for name in SHAPES:
        x, y = cv.sliding_windows(found.waves[name], 100)
        assert np.mean((found.noisy.predict(x, verbose=0) - y) ** 2) > last[name]


def test_what_does_a_deletion_cost(found):
    cost = found.cost.round(2)
    assert found.cost[WAVES].idxmax().tolist() == [5, 5, 5, 1, 5]
    assert (cost.loc[5, "half-wave"], cost.loc[5, "sine"], cost.loc[5, "harmonics"]) == (0.46, 1.27, 0.01)
    assert cost.loc[5, ["pulse", "noisy sine"]].between(0.46, 1.27).all()
    assert cost.loc[1, "harmonics"] == 0.09
    assert cost.loc[7, "pulse"] == -0.03
    ranks = found.cost.corr("spearman").loc["sine", WAVES].round(2)
    assert ranks.tolist() == [1, 0.64, 0.31, 0.64, 0.98]


def test_how_much_noise_is_too_much(found):
    errors = {}
    for level in (0.0, 0.01, 0.02, 0.05, 0.1, 0.2):
        x, y = cv.sliding_windows(cv.toy_series(2000, 10_000, noise=level, seed=0)[1], 100)
        model, noisy = (np.mean((m.predict(x, verbose=0) - y) ** 2) for m in (found.model, found.noisy))
        errors[level] = model, noisy, np.mean((x[:, -1:, 0] - y) ** 2)
    assert len(y) == 1_900
    table = pd.DataFrame(errors, ["model", "noisy", "last"]).T
    assert 23.5 < table["noisy"][0.0] / table["model"][0.0] < 24.5
    assert (table["noisy"] / table["model"])[0.01].round(1) == 1.6
    assert (table["noisy"] < table["model"]).tolist() == [False, False, True, True, True, True]
    ratio = table.iloc[3:].div(table.index[3:] ** 2, axis=0).round(2)
    assert (ratio["noisy"].min(), ratio["noisy"].max()) == (1.22, 1.29)
    assert (ratio["model"].min(), ratio["model"].max()) == (2.05, 2.25)
    assert (table["model"] / table["last"])[[0.1, 0.2]].between(0.96, 1).all()


def test_a_model_trained_with_noise(found):
    role = {name: found.roles[name]["role"] for name in ("sine", "with noise")}
    assert role["with noise"].tolist() == ["crest", "rising", "crest", "trough", "trough", "crest", "trough", "falling"]
    assert np.flatnonzero(role["sine"] == role["with noise"]).tolist() == [1, 4, 5, 6, 7]
    assert role["sine"][[0, 2, 3]].tolist() == ["silent", "falling", "silent"]
    before, after = found.pairs["sine"], found.pairs["with noise"]
    assert (after.max().round(2), after[1, 4].round(2), before.max().round(2)) == (0.38, 0.38, 1.41)
    assert [before[pair].round(2) for pair in ((5, 5), (0, 5), (1, 4))] == [1.27, 0.14, 0.36]
    assert [after[pair].round(2) for pair in ((5, 5), (0, 5))] == [0.08, 0.15]
    for matrix in (before, after):
        assert matrix[1, 4] > 4 * max(matrix[1, 1], matrix[4, 4])
    assert after.diagonal().max() == after[5, 5]
    assert after.diagonal()[[4, 7]].round(2).tolist() == [0.06, 0.04]
    assert (found.response["with noise"].idxmax(), found.share["with noise"].idxmax()) == (5, 5)
    assert found.response["with noise"][5] > 2 * found.response["with noise"].drop(5).max()
    shares = (found.cost.max() / found.cost.sum())[["with noise", "sine"]]
    assert shares.round(2).tolist() == [0.40, 0.86]
    assert found.share.loc[0, ["with noise", "sine"]].round(2).tolist() == [-0.20, -0.50]


def test_what_survives(found):
    edge = found.at_edge
    assert [edge[name] for name in ("sine", *SHAPES)] == [1] * 4
    assert edge["noisy sine"] == edge["with noise"] == pytest.approx(0.98, abs=0.01)
    strongest, costliest = found.response.idxmax(), found.cost.idxmax()
    assert set(strongest) == {5}
    assert costliest[costliest != 5].index.tolist() == ["harmonics"]
    pairs = found.pairs
    left = pd.Series({name: pairs[name][k].min() / pairs[name][k, k] for name, k in costliest.items()})
    findings = {
        "padding": pd.Series(edge) > 0.9,
        "crest": pd.Series({name: found.roles[name]["role"][k] == "crest" for name, k in strongest.items()}),
        "costs": strongest == costliest,
        "half": found.cost.max() > found.cost.sum() / 2,
        "rescue": left < 0.5,
        "better": found.base < found.last,
    }
    lost = {name: list(row.index[~row]) for name, row in pd.DataFrame(findings).iterrows()}
    assert lost["sine"] == lost["noisy sine"] == []
    assert lost["half-wave"] == ["better"]
    assert lost["pulse"] == ["rescue", "better"]
    assert lost["harmonics"] == ["costs", "rescue", "better"]
    assert lost["with noise"] == ["half", "rescue"]
