"""Numbers and claims in the prose of notebooks/further/04_luck.ipynb, by section."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import conv1d_viz as cv

STUDY, SEEDS = 54, list(range(32))
PARTS = ["crest", "falling", "trough", "rising"]
NAMES = ["trough", "crest", "falling", "rising", "silent"]


@pytest.fixture(scope="module")
def found():
    runs, info = cv.load_runs("sine_seeds"), cv.load_info("sine_conv1d")
    assert (runs.seeds, info["seed"]) == (SEEDS, STUDY)
    models = {seed: runs.model(k) for k, seed in enumerate(SEEDS)} | {STUDY: cv.load_model("sine_conv1d")}
    t, wave = cv.toy_series(300, start=10_000, **info["wave"])
    x, y = cv.sliding_windows(wave, 100)
    padded = cv.receptive_field(models[0], "conv2").sees_padding(100, 100)
    tables, pairs, curves, at_edge, pushing, lines = {}, {}, {}, {}, {}, {}
    for seed, model in models.items():
        line = lines[seed] = cv.series_timeline(model, wave, "conv1", 100, fill=None, reduce="mean")
        tables[seed] = cv.channel_roles(line[99:-99], t[0] + 99.5 + np.arange(101), wave, t, 100)
        study = cv.ablation_study(model, x, y, "conv1", "all")
        pairs[seed] = study.pair_matrix()
        tables[seed]["cost"] = pairs[seed].diagonal() - study.baseline_mse
        tables[seed]["share"] = study.shapley_values()
        curves[seed] = study.loss_of(study.best_of_each_size()[::-1])
        picked = cv.layer_activations(model, x, "conv2")[:, :, 0].argmax(axis=1)
        at_edge[seed] = padded[picked].mean()
        pushing[seed] = model.get_layer("conv2").get_weights()[0].sum(axis=(0, 2)) > 0
    channels = pd.concat(tables, names=["seed"])
    first = {seed: int(matrix.diagonal().argmax()) for seed, matrix in pairs.items()}
    return SimpleNamespace(
        runs=runs,
        info=info,
        y=y,
        last=np.mean((x[:, -1:, 0] - y) ** 2),
        lines=lines,
        tables=tables,
        channels=channels,
        starts=channels.loc[SEEDS],
        pairs=pairs,
        curves=pd.DataFrame(curves),
        at_edge=pd.Series(at_edge),
        pushing=pd.DataFrame(pushing),
        costliest={seed: tables[seed].loc[channel] for seed, channel in first.items()},
        share=pd.Series({k: table["cost"].max() / table["cost"].sum() for k, table in tables.items()}),
        ranks=pd.Series({k: table["response"].corr(table["cost"], "spearman") for k, table in tables.items()}),
        left=pd.Series({k: pairs[k][first[k]].min() / pairs[k].diagonal().max() for k in first}),
        second={seed: int(pairs[seed][channel].argmin()) for seed, channel in first.items()},
        silent=pd.Series({seed: (table["role"] == "silent").sum() for seed, table in tables.items()}),
    )


def counts(values):
    return values.value_counts().to_dict()


@pytest.fixture(scope="module")
def findings(found):
    needed = (found.curves > found.last).sum()
    costliest = pd.DataFrame(found.costliest).T
    best = found.channels.groupby("seed")[["response", "share"]].max()
    table = {
        "padding": found.at_edge > 0.9,
        "six": needed >= 6,
        "negative": found.channels.groupby("seed")["share"].min() < 0,
        "together": found.ranks > 0,
        "largest": costliest["share"] == best["share"],
        "silent": found.silent > 0,
        "half": found.share > 0.5,
        "rescue": found.left < 0.5,
        "parts": pd.Series({seed: set(PARTS) <= set(table["role"]) for seed, table in found.tables.items()}),
        "crest": costliest["role"] == "crest",
        "alone": found.pushing.sum() == 1,
        "strongest": costliest["response"] == best["response"],
    }
    return pd.DataFrame(table)


def test_33_models_one_wave(found):
    model = found.runs.model(0)
    assert (model.input_shape, model.output_shape) == ((None, 100, 1), (None, 1))
    assert [model.get_layer(name).filters for name in ("conv1", "conv2")] == [8, 1]
    assert len(found.y) == 200


def test_a_number_is_a_name_and_no_more(found):
    role = {seed: list(found.tables[seed]["role"]) for seed in (0, 1, 2)}
    assert {line.shape for line in found.lines.values()} == {(299, 8)}
    assert [role[seed][0] for seed in (0, 1, 2)] == ["silent", "trough", "trough"]
    assert [role[seed][5] for seed in (0, 1, 2)] == ["crest"] * 3
    response = pd.DataFrame({seed: found.tables[seed]["response"] for seed in (0, 1, 2)})
    assert response[1].nsmallest(2).index[0] == 7
    assert response.max().idxmax() == 2
    assert response[2].idxmax() == 7


def test_roles_and_silent_channels(found):
    silent = found.silent[SEEDS]
    assert (silent > 0).sum() == 21
    assert (silent > 1).sum() == 9
    assert found.silent[STUDY] == 2
    roles = found.starts["role"]
    assert counts(roles) == {"crest": 88, "trough": 85, "silent": 34, "falling": 25, "rising": 24}
    assert 88 + 85 == 173
    assert len(roles) == 256
    have = roles.groupby("seed").value_counts().unstack(fill_value=0) > 0
    assert have.sum().to_dict() == {"crest": 31, "trough": 32, "silent": 21, "falling": 18, "rising": 19}


def test_how_much_hangs_on_one_channel(found):
    assert 33 * 256 == 8_448
    assert found.share[SEEDS].quantile([0.5, 1]).round(2).tolist() == [0.51, 0.83]
    assert found.ranks[SEEDS].quantile([0, 0.5, 1]).round(2).tolist() == [-0.17, 0.58, 0.98]
    assert found.costliest[STUDY].name == 5
    assert found.tables[STUDY]["cost"].drop(5).sum().round(2) == 0.21
    assert found.pairs[STUDY][5, 5].round(2) == 1.27
    assert found.pairs[STUDY][0, 5].round(2) == 0.14
    assert (found.left[STUDY].round(2), found.left[SEEDS].median().round(2)) == (0.11, 0.60)
    assert found.share[STUDY].round(2) == 0.86
    assert found.ranks[STUDY].round(2) == 0.71


def test_who_rescues(found):
    pushing = found.pushing
    assert pushing[STUDY].tolist() == [True] + [False] * 7
    assert found.second[STUDY] == 0
    mended = {seed: found.left[seed] < 0.5 for seed in SEEDS}
    pushes = {seed: pushing.loc[found.second[seed], seed] for seed in SEEDS}
    table = pd.crosstab(pd.Series(mended), pd.Series(pushes))
    assert table.to_numpy().tolist() == [[15, 4], [2, 11]]
    as_in_3 = [seed for seed in SEEDS if mended[seed] and pushes[seed]]
    assert not any(pushing.loc[found.costliest[seed].name, seed] for seed in as_in_3)


def test_how_many_channels_are_needed(found):
    medians = found.curves[SEEDS].median(axis=1)
    assert medians[6].round(3) == 0.005
    assert 0.00005 <= medians[8] < 0.00006
    assert counts((found.curves[SEEDS] > found.last).sum()) == {7: 16, 8: 11, 6: 5}
    assert (found.curves[STUDY] > found.last).sum() == 6


def test_where_is_the_forecast_read(found):
    assert found.at_edge[STUDY] == 1
    assert (found.at_edge[SEEDS] == 1).sum() == 29
    assert (found.at_edge[SEEDS] >= 0.99).all()


def test_what_survives(findings):
    held = findings.loc[SEEDS].sum()
    assert held.tolist() == [32, 32, 29, 29, 28, 21, 17, 13, 11, 8, 8, 4]
    assert findings.loc[STUDY].all()
    assert (held >= 28).sum() == 5
    assert ((held >= 11) & (held <= 21)).sum() == 4
    assert (held <= 8).sum() == 3
    widths = [np.ptp(stats.binomtest(int(k), 32).proportion_ci(method="wilson")) for k in held]
    assert round(100 * max(widths)) == 33


def test_where_does_the_main_model_stand(found, findings):
    lowest = [min(history["val_loss"]) for history in found.runs.histories]
    assert (round(min(lowest), 6), round(max(lowest), 6)) == (0.000015, 0.00017)
    assert round(min(found.info["history"]["val_loss"]), 6) == 0.000011
    channels = found.channels.groupby("seed")
    stand = pd.DataFrame({"roles": channels["phase"].count(), "explained": channels["explained"].mean()})
    stand["findings"] = findings.sum(axis=1)
    assert stand.loc[STUDY].round(3).tolist() == [6, 0.994, 12]
    assert stand.loc[SEEDS].median().round(3).tolist() == [7, 0.996, 7]
    assert stand.loc[SEEDS, "findings"].max() == 11


def kendall(table):
    return stats.friedmanchisquare(*table.T).statistic / len(table) / (table.shape[1] - 1)


def test_do_starts_agree_on_the_roles(found):
    starts = found.starts
    by_role = starts.groupby(["seed", "role"])["share"].sum().unstack(fill_value=0)[NAMES]
    assert by_role.median().round(2).tolist() == [0.25, 0.14, 0, 0.04, 0]
    assert (by_role[["trough", "crest"]].sum(axis=1) > by_role.sum(axis=1) / 2).sum() == 26
    shares = starts["share"].unstack().to_numpy()
    w = kendall(by_role.to_numpy())
    assert round(w, 2) == 0.33
    rng, role_of = np.random.default_rng(0), starts["role"].unstack().to_numpy()
    is_role = np.stack([role_of == name for name in NAMES])
    dealt = [kendall((is_role * rng.permuted(shares, axis=1)).sum(axis=2).T) for _ in range(300)]
    assert np.quantile(dealt, [0.5, 0.95]).round(2).tolist() == [0.10, 0.20]
