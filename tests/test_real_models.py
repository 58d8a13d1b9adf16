"""Models that people have, against plain Keras: the same model with a layer in it that replaces channels."""

import numpy as np
import pytest

import conv1d_viz as cv
from conv1d_viz.network.backend import keras

L, ops = keras.layers, keras.ops
X = np.random.default_rng(0).normal(size=(6, 24, 2)).astype(np.float32)
STATIC = np.random.default_rng(1).normal(size=(6, 3)).astype(np.float32)
BOTH = [X, STATIC]


class Replace(L.Layer):
    """Channels replaced by a level, as they are set at the moment."""

    mask, level = 0.0, 0.0

    def call(self, inputs):
        return ops.where(ops.convert_to_tensor(self.mask) > 0, self.level, inputs)


def conv(filters, size, name=None, **options):
    return L.Conv1D(filters, size, name=name, **({"padding": "same"} | options))


def fcn(cut):
    inputs = h = keras.Input((24, 2))
    for filters, size, name in [(128, 8, "first"), (64, 5, "second"), (128, 3, "third")]:
        h = cut(L.ReLU(name=f"{name}_relu")(L.BatchNormalization()(cut(conv(filters, size, name)(h)))))
    return keras.Model(inputs, L.Dense(3, activation="softmax")(L.GlobalAveragePooling1D()(h)))


def inception(cut):
    inputs = h = keras.Input((24, 2))
    for k in range(2):
        narrow = cut(conv(4, 1, f"narrow{k}", use_bias=False)(h))
        branches = [conv(3, size, use_bias=False)(narrow) for size in (9, 5, 3)]
        branches.append(conv(3, 1, use_bias=False)(L.MaxPooling1D(3, 1, "same")(h)))
        h = L.ReLU()(L.BatchNormalization()(cut(L.Concatenate(name=f"joined{k}")(branches))))
    return keras.Model(inputs, L.Dense(3)(L.GlobalAveragePooling1D()(h)))


def tcn(cut):
    inputs = h = keras.Input((24, 2))
    for dilation in (1, 2, 4):
        side = conv(5, 3, f"side{dilation}", padding="causal", dilation_rate=dilation, activation="relu")(h)
        h = cut(L.Add(name=f"sum{dilation}")([L.SpatialDropout1D(0.2)(cut(side)), conv(5, 1)(h)]))
    last = L.Lambda(lambda t: t[:, -1, :], output_shape=(5,), name="last")(h)
    return keras.Model(inputs, L.Dense(1)(cut(last)))


def unet(cut):
    inputs = keras.Input((24, 2))
    high = cut(conv(4, 3, "high", activation="relu")(inputs))
    low = cut(conv(6, 3, "low", activation="relu")(L.MaxPooling1D(2)(high)))
    up = L.Concatenate(name="skip")([L.UpSampling1D(2)(low), high])
    return keras.Model(inputs, conv(2, 1, activation="sigmoid")(conv(4, 3, activation="relu")(cut(up))))


def bilstm(cut):
    inputs = keras.Input((8, 2))
    steps = cut(L.Bidirectional(L.LSTM(3, return_sequences=True), name="steps")(inputs))
    units = cut(L.Dense(4, "tanh", name="dense")(cut(L.Bidirectional(L.LSTM(2), name="units")(steps))))
    return keras.Model(inputs, L.Dense(1)(units))


def quantiles(cut):
    h = conv(4, 5, "conv", activation="relu")(inputs := keras.Input((24, 2), name="wave"))
    pooled = L.GlobalMaxPooling1D(name="pooled")(cut(h))
    return keras.Model(inputs, L.Reshape((24, 3))(L.Dense(72)(cut(pooled))))


def with_static(as_dict):
    def build(cut):
        inputs = {"series": keras.Input((24, 2), name="series"), "static": keras.Input((3,), name="static")}
        pooled = L.GlobalAveragePooling1D()(cut(conv(4, 3, "conv", activation="relu")(cut(inputs["series"]))))
        joined = L.Concatenate()([pooled, cut(L.Dense(2, name="side")(cut(inputs["static"])))])
        return keras.Model(inputs if as_dict else list(inputs.values()), L.Dense(1)(joined))

    return build


def outputs(as_dict):
    def build(cut):
        h = cut(conv(4, 3, "conv", activation="relu")(inputs := keras.Input((24, 2))))
        pooled = L.GlobalAveragePooling1D()(h)
        made = {"b": L.Dense(1, name="level")(pooled), "c": conv(2, 3, name="path")(h)}
        made["a"] = L.Dense(3, "softmax", name="kind")(pooled)
        return keras.Model(inputs, made if as_dict else list(made.values()))

    return build


def with_weights(build, cut=lambda tensor: tensor):
    """A model with random weights, the same whatever stands at `cut`."""
    model, generator = build(cut), np.random.default_rng(2)
    for weight in model.weights:
        values = generator.normal(size=weight.shape, scale=0.5)
        weight.assign(abs(values) + 0.5 if "variance" in weight.path else values)
    return model


def oracle_of(build, layer):
    """The model with a replacing layer behind one layer, and that one."""
    gate = Replace()

    def cut(tensor):
        return gate(tensor) if tensor._keras_history.operation.name == layer else tensor

    return with_weights(build, cut), gate


CASES = [
    (fcn, X, ["first", "second_relu"]),
    (inception, X, ["narrow0", "joined1"]),
    (tcn, X, ["side1", "sum2"]),
    (unet, X, ["high", "skip"]),
    (bilstm, X[:, :8], ["steps", "units", "dense"]),
    (quantiles, X, ["conv", "pooled"]),
    (with_static(False), BOTH, ["series", "static", "conv"]),
    (with_static(True), dict(zip(["static", "series"], BOTH[::-1], strict=True)), ["conv", "side"]),
]


@pytest.mark.parametrize(("build", "x", "layer"), [(b, x, layer) for b, x, layers in CASES for layer in layers])
def test_deletions_are_those_of_a_model_that_replaces_channels(build, x, layer):
    model, (oracle, gate) = with_weights(build), oracle_of(build, layer)
    acts = cv.layer_activations(model, x, layer)
    own = keras.Model(model.input, model.get_layer(layer).output)(x)
    np.testing.assert_allclose(acts, ops.convert_to_numpy(own), atol=1e-5)
    n_channels, y = acts.shape[-1], np.zeros((6, *model.output.shape[1:]))
    assert cv.ablation_study(model, x, y, layer).deletions == [(c,) for c in range(n_channels)]
    generator = np.random.default_rng(5)
    shuffled = np.stack([acts[generator.permutation(6)][..., c] for c in range(n_channels)], axis=-1)
    means = acts.reshape(-1, n_channels).mean(axis=0)
    for replacement, level in [("zero", 0.0), ("mean", means), ("shuffle", shuffled)]:
        study = cv.ablation_study(model, x, y, layer, [(0,), (1,), range(n_channels), ()], replacement, seed=5)
        assert study.predictions.shape == (4, *y.shape)
        for channels, prediction in zip(study.deletions, study.predictions, strict=True):
            gate.mask = np.isin(np.arange(n_channels), channels).astype(np.float32)
            gate.level = np.float32(level)
            expected = ops.convert_to_numpy(oracle(x, training=False))
            np.testing.assert_allclose(prediction, expected, rtol=1e-4, atol=1e-5 * max(1, abs(expected).max()))


def test_one_of_three_outputs_by_key_name_or_index():
    listed, keyed = with_weights(outputs(False)), with_weights(outputs(True))
    for layer in listed.layers:  # the order of weights follows that of the outputs
        if layer.weights:
            keyed.get_layer(layer.name).set_weights(layer.get_weights())
    one, gate = oracle_of(outputs(False), "conv")
    gate.mask = np.float32([0, 1, 0, 1])
    level, path, kind = (ops.convert_to_numpy(output) for output in one(X))
    named = [(listed, "level", level), (listed, 0, level), (listed, np.int64(1), path), (listed, "kind", kind)]
    for model, output, expected in [*named, (keyed, "b", level), (keyed, "c", path), (keyed, "a", kind)]:
        got = cv.predict_ablated(model, X, "conv", (1, 3), output=output)
        np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-5)
    hidden, head = listed.get_layer("conv").output, L.Dense(1, name="twice")
    twice = keras.Model(listed.inputs, [head(L.GlobalMaxPooling1D()(hidden)), head(L.GlobalAveragePooling1D()(hidden))])
    for model, output in [(listed, None), (listed, "b"), (listed, 3), (keyed, "level"), (twice, "twice")]:
        with pytest.raises(ValueError, match=r"`output` must be one of the model's outputs, \["):
            cv.predict_ablated(model, X, "conv", (1,), output=output)
    keyed.compile("adam", {"a": "sparse_categorical_crossentropy", "b": "mae", "c": "mse"})
    listed.compile("adam", ["mae", "mse", "sparse_categorical_crossentropy"])
    for name, number, loss in [("a", 2, "sparse_categorical_crossentropy"), ("b", 0, "mae")]:
        studies = [cv.ablation_study(m, X, np.zeros(6), "conv", output=o) for m, o in [(keyed, name), (listed, number)]]
        assert [study.loss_name for study in studies] == [loss, loss]
        np.testing.assert_allclose(studies[0].loss, studies[1].loss, rtol=1e-5)


def test_input_is_the_models_input():
    plain = keras.Sequential([keras.Input((24, 2)), conv(3, 3, "conv"), L.GlobalMaxPooling1D(), L.Dense(1)])
    for model in (with_weights(quantiles), plain):
        np.testing.assert_array_equal(cv.layer_activations(model, X, "input"), X)
        expected = model.predict(X * np.float32([1, 0]), verbose=0)
        np.testing.assert_allclose(cv.predict_ablated(model, X, "input", (1,)), expected, atol=1e-5)
    taken = keras.Sequential([keras.Input((24, 2)), L.Dense(4, name="input"), L.Flatten(), L.Dense(1)])
    assert cv.layer_activations(taken, X, "input").shape == (6, 24, 4)


class Sampling(L.Layer):
    def __init__(self):
        super().__init__()
        self.seeds = keras.random.SeedGenerator(0)

    def compute_output_shape(self, input_shape):
        return input_shape

    def call(self, inputs):
        return inputs + keras.random.normal(ops.shape(inputs), seed=self.seeds)


@pytest.mark.parametrize("sampling", [Sampling, lambda: L.TimeDistributed(Sampling())])
def test_models_that_draw_random_numbers_are_refused(sampling):
    def model_of(layer):
        hidden = layer(conv(3, 3, "conv")(inputs := keras.Input((24, 2))))
        return keras.Model(inputs, L.Dense(1)(L.GlobalMaxPooling1D()(hidden)))

    with pytest.raises(ValueError, match=r"`model` must give the same window the same forecast.* without the layer"):
        cv.ablation_study(model_of(sampling()), X, np.zeros(6), "conv")
    for layer in (L.Dropout(0.5), L.GaussianNoise(1.0)):
        assert cv.predict_ablated(model_of(layer), X, "conv", (0,)).shape == (6, 1)


class Own(keras.Model):
    def __init__(self):
        super().__init__()
        self.conv, self.head = conv(3, 3), L.Dense(1)

    def call(self, inputs):
        return self.head(ops.max(self.conv(inputs), axis=1))


def test_refusals_say_the_way_out_and_it_is_one():
    own, inputs = Own(), keras.Input((24, 2))
    own(X)
    with pytest.raises(ValueError, match=r"`keras\.Model\(inputs, model\.call\(inputs\)\)`"):
        cv.layer_activations(own, X, 0)
    graph = keras.Model(inputs, own.call(inputs))
    expected = ops.convert_to_numpy(own.head(ops.max(ops.multiply(own.conv(X), np.float32([1, 0, 1])), axis=1)))
    np.testing.assert_allclose(cv.predict_ablated(graph, X, own.conv, (1,)), expected, atol=1e-5)
    fixed = keras.Sequential([keras.Input(batch_shape=(6, 24, 2)), conv(3, 3, "conv"), L.Flatten(), L.Dense(1)])
    with pytest.raises(ValueError, match=r"`set_weights\(model\.get_weights\(\)\)`\. Got 6 windows only"):
        cv.ablation_study(fixed, X, np.zeros(6), "conv")
    first, every = (cv.layer_activations(fixed, part, "conv") for part in (X[:3], X))
    np.testing.assert_allclose(first, every[:3], atol=1e-6)
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        with pytest.raises(TypeError, match=r"np\.concatenate\(\[x for x, y in dataset"):
            cv.layer_activations(graph, tf.data.Dataset.from_tensor_slices((X, STATIC)).batch(2), 1)
