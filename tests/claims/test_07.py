"""What notebook 07 says, computed from the committed network and samples; one test per section."""

import json
import re
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix
from sklearn.neighbors import KNeighborsClassifier, NearestCentroid

import conv1d_viz as cv
from conv1d_viz.network.backend import keras

L = keras.layers
CYLINDER, BELL, FUNNEL = range(3)
NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "further" / "07_classifier.ipynb"


@pytest.fixture(scope="module")
def net():
    return cv.load_model("cbf_fcn")


@cache
def samples(noise=1.0):
    return cv.cylinder_bell_funnel(900, noise=noise, seed=102)


def answers(model, x):
    return model.predict(x, verbose=0).argmax(axis=1)


def error_rate(y, prediction):
    return np.mean(prediction.argmax(axis=1) != y)


@cache
def study_of(loss=None):
    return cv.ablation_study(cv.load_model("cbf_fcn"), *samples(), "block3", "all", loss=loss)


@cache
def evidence():
    values = cv.channel_contributions(cv.load_model("cbf_fcn"), samples()[0], "block3").values
    return values - values.mean(axis=-1, keepdims=True)


def percent(values):
    return (100 * np.asarray(values)).round().astype(int).tolist()


def test_three_shapes():
    (x, y), (clean, again) = samples(), samples(0.0)
    assert x.shape == (900, 128, 1)
    assert np.bincount(y).tolist() == [300, 300, 300]
    assert np.array_equal(y, again)
    assert np.std(x - clean) == pytest.approx(1, abs=0.01)
    assert cv.load_info("cbf_fcn")["samples"] == {"n": 900, "length": 128, "noise": 1.0, "seed": 100}


def test_the_network(net):
    convs = [net.get_layer(f"conv{k}") for k in (1, 2, 3)]
    assert [(conv.filters, *conv.kernel_size) for conv in convs] == [(8, 8), (16, 5), (8, 3)]
    fields = [cv.receptive_field(net, f"block{k}") for k in (1, 2, 3)]
    assert [(field.size, field.stride) for field in fields] == [(8, 1), (12, 1), (14, 1)]
    assert {block.shape[1] for block in (net.get_layer(f"block{k}").output for k in (1, 2, 3))} == {128}


def test_accuracy(net):
    (x, y), (x_train, y_train) = samples(), cv.cylinder_bell_funnel(**cv.load_info("cbf_fcn")["samples"])
    assert np.array_equal(answers(net, x), y)
    rules = [NearestCentroid(), KNeighborsClassifier(n_neighbors=1)]
    assert percent([rule.fit(x_train[..., 0], y_train).score(x[..., 0], y) for rule in rules]) == [84, 99]


def test_strips_of_three_samples(net):
    (x, y), (clean, _) = samples(), samples(0.0)
    acts = cv.layer_activations(net, x, "block3")
    means = []
    for k in range(3):
        first = np.flatnonzero(y == k)[0]
        height = clean[first, :, 0]
        lower = (height > 0) & (height < height.max() / 2)
        upper = height >= height.max() / 2
        means.append([acts[first][steps].mean(axis=0) for steps in (height > 0, upper, lower) if steps.any()])
        if k != BELL:
            assert abs(acts[first][:, 2].argmax() - (height > 0).argmax()) < 7  # the jump is in the field of that step
    assert set(means[CYLINDER][0].argsort()[-3:]) == {1, 2, 5}
    assert set(means[BELL][0].argsort()[-3:]) == {0, 6, 7}
    _, upper, lower = means[FUNNEL]
    assert upper.argmax() == 2
    assert set(lower.argsort()[-2:]) == {3, 4}


def test_what_excites_each_channel(net):
    x, y = samples()
    found = {}
    for k in (1, 2, 3):
        table, seen = cv.top_segments(net, x, f"block{k}")
        assert (table.groupby("channel").size() == 9).all()
        groups = table.groupby("channel").groups
        means = np.stack([np.nanmean(seen[rows, :, 0], axis=0) for rows in groups.values()])
        classes = [set(y[table["window"][rows]]) for rows in groups.values()]
        early = [np.isnan(seen[rows, 0, 0]).sum() for rows in groups.values()]  # begin before their sample does
        found[k] = means, classes, early
    begin, end, level = (
        (lambda m: m[:, :2].mean(axis=1)),
        (lambda m: m[:, -2:].mean(axis=1)),
        (lambda m: m.mean(axis=1)),
    )

    means, *_ = found[1]
    assert begin(means)[3] < 0
    assert end(means)[3] > 9
    assert (begin(means)[[1, 2]] > 6).all()
    assert (end(means)[[1, 2]] < 0).all()
    assert level(means)[[6, 7]].round().tolist() == [9, 9]
    assert (means[[4, 5]].max(axis=1) > 9).all()
    assert (abs(np.diff(means[[4, 5]])).max(axis=1) > 3.5).all()

    means, classes, early = found[2]
    quiet, others = [7, 8, 11, 12], [1, 2, 3, 4, 5, 6, 9, 10, 13, 14, 15]
    assert (level(means)[quiet].round() == 2).all()
    assert ((means[quiet] > 0) & (means[quiet] < 4)).all()
    assert not any(CYLINDER in classes[c] for c in quiet)
    assert (means[others].max(axis=1) > 7).all()
    assert begin(means)[10] < 0
    assert end(means)[10] > 7
    assert begin(means)[9] > 7 > 2 + end(means)[9]
    assert early[7:13] == [1, 0, 0, 0, 0, 0]

    means, classes, _ = found[3]
    assert (means[[0, 3, 4, 6, 7]] < 6).all()
    for channel in (0, 6, 7):
        assert classes[channel] == {BELL}
        assert end(means)[channel] - begin(means)[channel] > 1.5
    for channel in (3, 4):
        assert classes[channel] == {FUNNEL}
        assert begin(means)[channel] - end(means)[channel] > 2
    assert begin(means)[2] < 0
    assert end(means)[2] > 6.5
    assert (end(means)[[1, 5]] > 5).all()
    assert ((end(means) - begin(means))[[1, 5]] > 2).all()
    weights = net.get_layer("classes").get_weights()[0]
    assert weights.argmax(axis=1)[[0, 6, 7, 3, 4, 1, 5]].tolist() == [BELL] * 3 + [FUNNEL] * 2 + [CYLINDER] * 2

    steps = np.arange(128) - 64
    stretches = np.stack([2 + 0.1 * steps, 2 + 0 * steps, 2 - 0.1 * steps, 6 + 0 * steps, 6 * (steps > 0)])[..., None]
    rise, flat, fall, high, jump = cv.layer_activations(net, stretches, "block3")[:, 64].astype(float).round(1)
    field = cv.receptive_field(net, "block3")
    assert (field.start, field.size) == (-6, 14)  # so seven steps up to the middle one, and seven after it
    assert (rise[[0, 6, 7]].min(), fall[[0, 6, 7]].max()) == (8.7, 2.9)
    assert (fall[[3, 4]].min(), rise[[3, 4]].max()) == (8.8, 1.7)
    assert flat[[0, 3, 4, 6, 7]].min() > 4
    assert high[[0, 3, 4, 6, 7]].max() == 0
    assert flat[[1, 5]].max() == 0
    assert high[[1, 5]].min() > 2
    assert jump[5] < high[5]
    assert jump[1] == 0
    assert max(rise[2], flat[2]) <= 1
    assert (jump[2], fall[2], high[2]) == (6.6, 3.5, 2.3)
    assert jump.argmax() == 2


def test_where_the_evidence_lies(net):
    (x, y), (clean, _) = samples(), samples(0.0)
    parts = cv.channel_contributions(net, x, "block3")
    odds = np.exp(parts.total)
    np.testing.assert_allclose(odds / odds.sum(axis=1, keepdims=True), net.predict(x, verbose=0), atol=1e-5)
    added = evidence().sum(axis=1)
    own = np.stack([added[y == k, :, k].mean(axis=0) for k in range(3)]).astype(float).round(1)
    assert own[CYLINDER, 5] == 3.0
    assert own[BELL, [0, 6, 7]].tolist() == [1.9, 1.9, 2.0]
    assert own[FUNNEL, [3, 4]] == pytest.approx(2.5, abs=0.11)
    assert (own[:, 1] > 0).tolist() == [True, True, False]
    assert (own[:, 2] > 0).tolist() == [True, False, True]
    assert own[BELL].argmin() == 5

    maps, first = evidence().sum(axis=2), [np.flatnonzero(y == k)[0] for k in range(3)]
    cylinder, bell, funnel = (maps[first[k], :, k] for k in range(3))
    events = [clean[k, :, 0] > 0 for k in first]
    height = clean[first[FUNNEL], :, 0]
    assert (cylinder[events[CYLINDER]] > 0).mean() > 0.9
    assert bell[events[BELL]].sum() > 0.85 * bell.sum()
    assert funnel[events[FUNNEL] & (height < height.max() / 2)].sum() > 0.5 * funnel.sum()

    event = clean[..., 0] > 0
    begin, end = event.argmax(axis=1), 127 - event[:, ::-1].argmax(axis=1)
    place = (np.arange(128) - begin[:, None]) / (end - begin + 1)[:, None]
    part = np.digitize(place, [0, 0.2, 0.4, 0.6, 0.8, 1])
    assert np.median(end - begin) > 24
    mine = maps[np.arange(900), :, y]
    shares = np.stack([np.bincount(part[y == k].ravel(), mine[y == k].ravel()) for k in range(3)])
    shares /= shares.sum(axis=1, keepdims=True)
    assert percent([shares[BELL, 2:4].sum(), shares[BELL, 5:].sum()]) == [64, 6]
    shares = percent(shares)
    assert shares[CYLINDER][1:6] == [15, 19, 19, 19, 17]
    assert (shares[BELL][2:4], shares[BELL][5:]) == ([36, 28], [4, 2])
    assert (shares[FUNNEL][3:5], shares[FUNNEL][:2]) == ([30, 34], [5, 6])


def test_did_it_find_the_answer(net):
    (x, y), (clean, _) = samples(), samples(0.0)
    assert np.array_equal(answers(net, x[:, ::-1]), np.array([CYLINDER, FUNNEL, BELL])[y])
    shape, noise = clean / clean.max(axis=1, keepdims=True), x - clean
    low, high = (confusion_matrix(y, answers(net, height * shape + noise)) for height in (3, 4))
    assert low[CYLINDER].tolist() == [0, 164, 136]
    assert high.trace() == 897
    lifted = np.where(shape > 0, 4 + 4 * shape, 0)
    slopes = confusion_matrix(y, answers(net, lifted + noise))[BELL:]
    assert slopes[:, CYLINDER].tolist() == [298, 297]
    trained, classes = cv.cylinder_bell_funnel(**cv.load_info("cbf_fcn")["samples"] | {"noise": 0.0})
    assert trained[classes == CYLINDER].max(axis=1).min() == pytest.approx(3.7, abs=0.05)
    assert clean[y == CYLINDER].max(axis=1).min() == pytest.approx(3.5, abs=0.05)


def test_delete_channels(net):
    x, y = samples()
    study, errors = study_of(), study_of(error_rate)
    single = [(c,) for c in range(8)]
    assert study.loss_name == "sparse_categorical_crossentropy"
    assert len(study.deletions) == 256
    assert (study.baseline_loss, study.loss_of([(5,)])[0]) == (
        pytest.approx(0.008, abs=5e-4),
        pytest.approx(0.084, abs=1e-3),
    )
    assert study.loss_of(single).argmax() == errors.loss_of(single).argmax() == 5
    assert 100 * errors.loss_of([(5,)])[0] == pytest.approx(0.9, abs=0.05)

    assert errors.loss_of([(3,), (4,), (1,), (5,)]).max() < 0.01
    without_fall, without_height = (cv.predict_ablated(net, x, "block3", c).argmax(axis=1) for c in ((3, 4), (1, 5)))
    assert FUNNEL not in without_fall[y == FUNNEL]
    assert CYLINDER not in without_height[y == CYLINDER]

    best = errors.best_of_each_size()
    assert errors.loss_of(best)[:5].tolist() == [0] * 5
    assert best[5] == (0, 1, 2, 3, 6)
    assert errors.loss_of(best)[5] == pytest.approx(5 / 900)
    assert percent(errors.loss_of(best))[6] == 26


def test_shapley_values(net):
    exact, wrong = study_of().shapley_values(), study_of(error_rate).shapley_values()
    estimate = cv.estimate_shapley(net, *samples(), "block3", n_orders=200, seed=0)
    off = abs(estimate.values - exact) / estimate.standard_errors
    assert (off <= 2).sum() == 7
    assert exact.argmin() == wrong.argmax() == 5
    alone, none = study_of().loss_of([(0, 1, 2, 3, 4, 6, 7), range(8)])
    assert (alone, none) == (pytest.approx(1.41, abs=0.005), pytest.approx(1.11, abs=0.005))


def test_what_we_saw():
    assert 100 * (1 - study_of(error_rate).loss_of([(0, 1, 2, 3, 6)])[0]) == pytest.approx(99.4, abs=0.05)


# The table "Which model can I bring". Activations and deletions work for each of these models; the two entries behind
# it say that its receptive field and top segments, and its contributions, work too, or what the refusal says.


@keras.saving.register_keras_serializable()
class Running(L.Layer):
    """A layer of one's own, which sums up over the steps."""

    def call(self, x):
        return keras.ops.cumsum(x, axis=1)

    def compute_output_shape(self, shape):
        return shape


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.conv, self.head = L.Conv1D(3, 3), L.Dense(1)

    def call(self, x):
        return self.head(keras.ops.mean(self.conv(x), axis=1))


def look(**options):
    return L.Conv1D(3, 3, name="look", **options)


def stack(*layers, steps=24, units=1):
    return keras.Sequential([keras.Input((steps, 2)), *layers, L.GlobalAveragePooling1D(), L.Dense(units)])


def branched(function):
    inputs = keras.Input((24, 2))
    return keras.Model(inputs, L.Dense(1)(L.GlobalAveragePooling1D()(function(inputs))))


def convolutions():
    return stack(
        L.Conv1D(4, 3, strides=2, padding="same"), L.DepthwiseConv1D(3), L.MaxPooling1D(2), L.ZeroPadding1D(2),
        L.SeparableConv1D(3, 3, dilation_rate=2, padding="same"), L.Cropping1D(1), L.LayerNormalization(),
        look(padding="causal"), L.MaxPooling1D(2), L.ZeroPadding1D(1), L.Conv1D(4, 3, dilation_rate=2),
    )  # fmt: skip


def attention():
    return branched(lambda i: look()(L.Attention()([i, i])))


def unequal():
    return branched(lambda i: look()(L.Add()([L.Conv1D(3, 3, strides=2, padding="same")(i), L.Conv1D(3, 13)(i)])))


def residual():
    return branched(lambda i: L.ReLU(name="look")(L.Conv1D(2, 3, padding="same")(i) + i))


def behind():
    def both(inputs):
        hidden = look(padding="same")(inputs)
        return L.Add()([L.Conv1D(3, 3, padding="same")(hidden), hidden])

    return branched(both)


def changed_after_pooling():
    layers = look(), L.GlobalAveragePooling1D(), L.BatchNormalization(gamma_initializer="ones"), L.Dense(1)
    return keras.Sequential([keras.Input((24, 2)), *layers])


def hidden_units():
    return keras.Sequential([keras.Input((24, 2)), L.Flatten(), L.Dense(4, name="look"), L.Dense(1)])


def nested():
    return stack(keras.Sequential([keras.Input((24, 2)), look()], name="encoder"))


MODELS = {
    "convolutions": (convolutions, True, True),
    "stepwise": (lambda: stack(look(), L.BatchNormalization(), L.ReLU(), L.Dropout(0.5)), True, True),
    "classes, open length": (lambda: stack(look(), steps=None, units=3), True, True),
    "residual": (residual, True, True),
    "unequal strides": (unequal, "strides are 2 and 1", True),
    "branches behind": (behind, True, "branches join"),
    "nested": (nested, True, True),
    "upsampling": (lambda: stack(L.UpSampling1D(2), look()), "UpSampling1D", True),
    "lstm": (lambda: stack(L.LSTM(3, return_sequences=True), look()), "LSTM", True),
    "attention": (attention, "Attention", True),
    "own": (lambda: stack(Running(), look()), "Running", True),
    "lstm behind": (lambda: stack(look(), L.LSTM(3, return_sequences=True)), True, "comes before it"),
    "own behind": (lambda: stack(look(), Running()), True, "comes before it"),
    "depthwise behind": (lambda: stack(look(), L.DepthwiseConv1D(3)), True, "comes before it"),
    "separable behind": (lambda: stack(look(), L.SeparableConv1D(4, 3)), True, "comes before it"),
    "normalization behind": (lambda: stack(look(), L.LayerNormalization()), True, "comes before it"),
    "changed after pooling": (changed_after_pooling, True, "pooled right before"),
    "own activation": (lambda: stack(look(activation=lambda v: keras.ops.sin(v))), "might mix steps", True),
    "masks": (lambda: stack(L.Masking(), L.LSTM(3, return_sequences=True, name="look")), "reach", "branches join"),
    "units": (hidden_units, "must have steps", "must have steps"),
    "last step": (
        lambda: keras.Sequential([keras.Input((24, 2)), L.LSTM(3, name="look"), L.Dense(1)]),
        *["have steps"] * 2,
    ),
}
X = np.random.default_rng(0).normal(size=(6, 24, 2))


def check(expected, call):
    if expected is True:
        call()
    else:
        with pytest.raises(ValueError, match=expected):
            call()


@pytest.mark.parametrize("name", MODELS)
def test_which_model_can_i_bring(name):
    make, fields, sums = MODELS[name]
    model, layer = make(), "encoder/look" if name == "nested" else "look"
    y = np.zeros((6, *model.outputs[0].shape[1:]))
    assert len(cv.layer_activations(model, X, layer)) == 6
    assert np.isfinite(cv.ablation_study(model, X, y, layer, loss="mae").loss).all()
    check(fields, lambda: cv.receptive_field(model, layer, window=24))
    check(fields, lambda: cv.top_segments(model, X, layer, n=1))
    check(sums, lambda: cv.channel_contributions(model, X, layer))


def test_which_model_can_i_bring_features_layers_and_many_channels():
    model = stack(look())
    for layer in ("look", 0, model.layers[0]):
        assert cv.layer_activations(model, X, layer).shape == (6, 22, 3)
    assert len(cv.ablation_study(model, X, np.zeros((6, 1)), "input").deletions) == 2
    many = stack(L.Conv1D(21, 3, name="look"))
    check("at most 20 channels", lambda: cv.ablation_study(many, X, np.zeros((6, 1)), "look", "all"))
    assert len(cv.ablation_study(many, X, np.zeros((6, 1)), "look", "pairs").deletions) == 21 + 210
    assert len(cv.estimate_shapley(many, X, np.zeros((6, 1)), "look", n_orders=2).values) == 21


def test_which_model_can_i_bring_several_inputs_and_outputs():
    inputs = [keras.Input((24, 2), name="a"), keras.Input((12, 1), name="b")]
    convs = [L.Conv1D(3, 3, name=name)(i) for name, i in zip(("look", "other"), inputs, strict=True)]
    means = [L.GlobalAveragePooling1D()(c) for c in convs]
    given = {"a": X, "b": np.zeros((6, 12, 1))}
    before = keras.Model(inputs, L.Dense(1)(L.Concatenate()(means)))
    after = keras.Model(inputs, L.Add()([L.Dense(1)(m) for m in means]))
    for model, sums in ((before, "branches join"), (after, True)):
        for x in (given, list(given.values())):
            assert cv.layer_activations(model, x, "look").shape == (6, 22, 3)
            assert len(cv.ablation_study(model, x, np.zeros((6, 1)), "look").loss) == 3
        assert cv.receptive_field(model, "look").size == 3
        cv.top_segments(model, X, "look", n=1)
        check(sums, lambda model=model: cv.channel_contributions(model, given, "look"))
    joined = keras.Model(inputs, L.Dense(1)(L.Identity(name="joined")(L.Concatenate(axis=1)(convs)[:, :, :])))
    check("must see one input", lambda: cv.receptive_field(joined, "joined"))

    hidden = L.Dense(4)(means[0])
    one = keras.Model(inputs[0], [L.Dense(1, name="p")(hidden), L.Dense(2, name="q")(hidden)])
    two = keras.Model(inputs[0], [L.Dense(1, name="p")(means[0]), L.Dense(2, name="q")(means[0])])
    for model, sums in ((one, True), (two, "sum up")):
        check("model's outputs", lambda model=model: cv.ablation_study(model, X, np.zeros((6, 1)), "look"))
        assert len(cv.ablation_study(model, X, np.zeros((6, 1)), "look", output="p").loss) == 3
        check(sums, lambda model=model: cv.channel_contributions(model, X, "look"))


def test_which_model_can_i_bring_what_is_refused():
    y, shared = np.zeros((6, 1)), L.Conv1D(2, 3, padding="same", name="look")
    own = Subclassed()
    own(X)
    check("of known input shape", lambda: cv.layer_activations(own, X, 0))
    inputs = keras.Input((24, 2))
    wrapped = keras.Model(inputs, own.call(inputs))
    assert cv.layer_activations(wrapped, X, own.conv).shape == (6, 22, 3)
    first = stack(look(padding="same", data_format="channels_first"))
    check("channels first", lambda: cv.layer_activations(first, X, "look"))
    check("called 2 times", lambda: cv.layer_activations(branched(lambda i: shared(shared(i))), X, "look"))
    fixed = keras.Input(batch_shape=(6, 24, 2))
    state = keras.Sequential([fixed, L.LSTM(3, stateful=True, return_sequences=True, name="look"), L.Dense(1)])
    check("no state", lambda: cv.layer_activations(state, X, "look"))
    batch = keras.Sequential([fixed, look(), L.GlobalAveragePooling1D(), L.Dense(1)])
    assert cv.layer_activations(batch, X, "look").shape == (6, 22, 3)
    check("any number of windows", lambda: cv.ablation_study(batch, X, y, "look"))
    chance = stack(look(), L.Lambda(lambda v: v + keras.random.normal(keras.ops.shape(v)), (22, 3)), units=5)
    check("random numbers", lambda: cv.ablation_study(chance, X, np.zeros((6, 5)), "look"))
    with pytest.raises(TypeError, match="must be a Keras model"):
        cv.layer_activations(KNeighborsClassifier(), X, 0)


def test_links_lead_to_sections():
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    prose = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    headings = {heading.replace(" ", "-") for heading in re.findall(r"^#+ (.*)$", prose, re.M)}
    assert set(re.findall(r"\]\(#([^)]+)\)", prose)) <= headings
