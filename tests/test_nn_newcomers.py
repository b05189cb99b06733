"""Programs as the tutorials of Keras and of PyTorch write them, with the imports changed and nothing else."""

from __future__ import annotations

import copy
import pickle
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_digits

import nn
import nn.functional as F
from autograd import no_grad, tensor
from nn import callbacks, layers, losses, metrics, optim, optimizers
from tests.helpers import to_numpy

IMAGES = (load_digits().images / 16).astype("float32")
PIXELS, DIGITS = IMAGES.reshape(-1, 64), load_digits().target


@pytest.fixture(autouse=True)
def seeded() -> None:
    nn.set_random_seed(0)


# From Keras ------------------------------------------------------------------------------------------------------


def test_a_first_network() -> None:
    model = nn.Sequential(
        [
            layers.Input(shape=(8, 8)),
            layers.Flatten(),
            layers.Dense(64, activation="relu"),
            layers.Dropout(0.2),
            layers.Dense(10),
        ]
    )
    loss_fn = losses.SparseCategoricalCrossentropy(from_logits=True)
    assert float(loss_fn(DIGITS[:1], model(IMAGES[:1]))) > 1
    model.compile(optimizer="adam", loss=loss_fn, metrics=["accuracy"])
    model.fit(IMAGES, DIGITS, epochs=5, verbose=False)
    assert model.evaluate(IMAGES, DIGITS, verbose=0)[1] > 0.9
    probability_model = nn.Sequential([model, layers.Softmax()])
    np.testing.assert_allclose(to_numpy(probability_model(IMAGES[:5], training=False)).sum(axis=1), 1, rtol=1e-5)


def test_a_convolutional_network() -> None:
    model = nn.Sequential(
        [
            layers.Input(shape=(8, 8, 1)),
            layers.Conv2D(16, kernel_size=(3, 3), activation="relu"),
            layers.MaxPooling2D(pool_size=(2, 2)),
            layers.Flatten(),
            layers.Dropout(0.25),
            layers.Dense(10, activation="softmax"),
        ]
    )
    table = str(model.summary(print_fn=None))
    assert "(batch, 6, 6, 16)" in table and "(batch, 144)" in table and "1,610 parameters" in table
    model.compile(loss="categorical_crossentropy", optimizer=optimizers.Adam(0.005), metrics=["accuracy"])
    y = nn.utils.to_categorical(DIGITS, 10)
    history = model.fit(IMAGES[..., None], y, batch_size=64, epochs=3, validation_split=0.1, verbose=0)
    assert history.history["val_accuracy"][-1] > 0.8


class Linear(layers.Layer):
    def __init__(self, units: int = 32, **options: Any) -> None:
        super().__init__(**options)
        self.units = units

    def build(self, input_shape: Any) -> None:
        self.w = self.add_weight(
            shape=(input_shape[-1], self.units), initializer="random_normal", trainable=True, regularizer="l2"
        )
        self.b = self.add_weight(shape=(self.units,), initializer="zeros", constraint="non_neg")
        self.seen = self.add_weight(shape=(), initializer="zeros", trainable=False)

    def call(self, inputs: Any, training: bool = False) -> Any:
        if training:
            self.seen.data[...] += len(inputs)
        return inputs @ self.w + self.b


def test_a_layer_of_ones_own(tmp_path: Path) -> None:
    model = nn.Sequential([Linear(10, name="first")])
    assert not model.layers[0].is_built()
    model.compile("adam", losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(PIXELS, DIGITS, verbose=0)
    layer = model.get_layer("first")
    assert [w.shape for w in layer.get_weights()] == [(64, 10), (10,), ()]
    assert layer.seen.item() == len(PIXELS) and len(layer.trainable_weights) == 2
    assert (to_numpy(layer.b) >= 0).all()
    penalty = 0.01 * float((to_numpy(layer.w) ** 2).sum())
    assert float(model.losses[0]) == pytest.approx(penalty, rel=1e-5)
    model.save(tmp_path / "model.npz")
    loaded = nn.load_model(tmp_path / "model.npz", custom=[Linear])
    np.testing.assert_array_equal(loaded.predict(PIXELS, verbose=0), model.predict(PIXELS, verbose=0))


class MLP(nn.Model):
    def __init__(self) -> None:
        super().__init__()
        self.dense1 = layers.Dense(32, activation="relu")
        self.dropout = layers.Dropout(0.5)
        self.dense2 = layers.Dense(10, activation="softmax")

    def call(self, inputs: Any, training: bool = False) -> Any:
        x = self.dropout(self.dense1(inputs), training=training)
        return self.dense2(x)


def test_a_model_with_call_and_training() -> None:
    model = MLP()
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(PIXELS, DIGITS, epochs=3, verbose=0)
    assert model.evaluate(PIXELS, DIGITS, verbose=0)[1] > 0.7
    still = [to_numpy(model(PIXELS[:8], training=False)) for _ in range(2)]
    np.testing.assert_array_equal(*still)
    moving = [to_numpy(model(PIXELS[:8], training=True)) for _ in range(2)]
    assert (moving[0] != moving[1]).any()
    assert model.training and all(m.training for m in model.modules())


def test_training_is_told_to_layers_and_given_back() -> None:
    layer = nn.Dropout(0.5).eval()
    x = np.ones((4, 4))
    assert (to_numpy(layer(x, training=True)) != 1).any() and not layer.training
    assert (to_numpy(layer(x, training=None)) == 1).all()

    class Own(nn.Module):
        def forward(self, x: Any, training: bool = False) -> Any:
            return x if training else -x

    assert Own()(1.0) == -1.0 and Own()(1.0, training=True) == 1.0


def test_a_loop_with_apply_gradients() -> None:
    """Keras's loop: the gradients are taken by ``backward`` here, the rest is the same; it is ``fit``, bit by bit."""
    start = [np.random.default_rng(0).normal(size=(64, 10)).astype("float32"), np.zeros(10, "float32")]

    def made() -> Any:
        model = nn.Sequential([layers.Dense(10, input_shape=(64,))])
        model.set_weights(start)
        return model

    model, optimizer = made(), optimizers.Adam(learning_rate=1e-2, clipnorm=0.5)
    loss_fn = losses.SparseCategoricalCrossentropy(from_logits=True)
    accuracy = metrics.SparseCategoricalAccuracy()
    for step in range(0, 320, 32):
        logits = model(PIXELS[step : step + 32], training=True)
        loss = loss_fn(DIGITS[step : step + 32], logits)
        model.zero_grad()
        loss.backward()
        grads = [weight.grad for weight in model.trainable_weights]
        optimizer.apply_gradients(zip(grads, model.trainable_weights))
        accuracy.update_state(DIGITS[step : step + 32], logits)
    assert 0 < float(accuracy.result()) < 1
    other = made()
    other.compile(optimizers.Adam(learning_rate=1e-2, clipnorm=0.5), loss_fn)
    other.fit(PIXELS[:320], DIGITS[:320], shuffle=False, verbose=0)
    for one, two in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-6)
    with pytest.raises(ValueError, match="expected the parameters of the first apply_gradients"):
        optimizer.apply_gradients([(None, nn.parameter(1.0))])


def test_frozen_by_trainable() -> None:
    """``trainable = False`` was an attribute that nothing looked at: all weights went on being trained."""
    base = nn.Sequential([layers.Dense(32, activation="relu"), layers.BatchNormalization()])
    base.trainable = False  # before there is a weight
    model = nn.Sequential([base, layers.Dense(10)])
    loss = losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizers.Adam(0.01), loss, metrics=[metrics.SparseCategoricalAccuracy()])
    model.predict(PIXELS[:1], verbose=0)
    before = base.get_weights()
    model.fit(PIXELS, DIGITS, verbose=0)
    for one, two in zip(before, base.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)
    assert not base.trainable and model.trainable and len(model.trainable_weights) == 2
    base.trainable = True
    model.compile(optimizers.Adam(0.001), loss)
    model.fit(PIXELS, DIGITS, verbose=0)
    assert len(model.trainable_weights) == 6
    assert all((one != two).any() for one, two in zip(before, base.get_weights(), strict=True))


def test_weights_out_and_in_are_kerass() -> None:
    model = nn.Sequential([layers.Dense(3, input_dim=4), layers.BatchNormalization(), layers.Dense(2)])
    weights = model.get_weights()
    assert [w.shape for w in weights] == [(4, 3), (3,), (3,), (3,), (3,), (3,), (3, 2), (2,)]
    model.set_weights([2 * w for w in weights])
    for one, two in zip(model.get_weights(), weights, strict=True):
        np.testing.assert_array_equal(one, 2 * two)
    weights[0][...] = 9
    assert (model.get_weights()[0] != 9).all()
    kernel, bias = model.layers[0].get_weights()
    np.testing.assert_allclose(to_numpy(model.layers[0](np.eye(4, dtype="float32"))), kernel + bias, rtol=1e-6)
    convolution = layers.Conv2D(5, (2, 3), input_shape=(8, 8, 4))
    assert convolution.get_weights()[0].shape == (2, 3, 4, 5)
    convolution.set_weights(convolution.get_weights())


def test_stopping_keeping_the_best_and_going_on(tmp_path: Path) -> None:
    model = nn.Sequential([layers.Dense(10, activation="softmax", input_shape=(64,))])
    model.compile(optimizers.Adam(learning_rate=0.01), "sparse_categorical_crossentropy", ["accuracy"])
    path = tmp_path / "best" / "best.npz"
    best = callbacks.ModelCheckpoint(
        filepath=path, monitor="val_accuracy", mode="max", save_best_only=True, save_weights_only=True
    )
    stop = callbacks.EarlyStopping(monitor="val_loss", patience=2, restore_best_weights=True)
    data = {"validation_data": (PIXELS[:200], DIGITS[:200]), "verbose": 0}
    first = model.fit(PIXELS[200:], DIGITS[200:], epochs=2, callbacks=[stop, best], **data)
    second = model.fit(PIXELS[200:], DIGITS[200:], epochs=4, initial_epoch=first.epoch[-1] + 1, **data)
    assert second.epoch == [2, 3]
    model.load_weights(path)
    found = model.evaluate(PIXELS[:200], DIGITS[:200], verbose=0)[1]
    assert found == pytest.approx(max(first.history["val_accuracy"]))


def test_single_batches_report_their_metrics() -> None:
    model = nn.Sequential([layers.Dense(10, activation="softmax", input_shape=(64,))])
    model.compile("adam", "sparse_categorical_crossentropy", ["accuracy"])
    expected = model.test_on_batch(PIXELS[:32], DIGITS[:32])
    assert model.train_on_batch(PIXELS[:32], DIGITS[:32]) == pytest.approx(expected)
    logs = model.train_on_batch(PIXELS[:32], DIGITS[:32], class_weight={0: 2.0}, return_dict=True)
    assert set(logs) == {"loss", "accuracy"}


def test_a_model_is_built_by_its_inputs_shape() -> None:
    model = nn.Sequential([layers.Dense(16, use_bias=False), layers.BatchNormalization(), layers.Activation("relu")])
    model.build((None, 64))
    assert model.count_params() == 64 * 16 + 4 * 16 + 1 and model.input_shape == (64,)
    words = nn.Sequential([layers.Embedding(input_dim=100, output_dim=8), layers.GlobalAveragePooling1D()])
    words.build((None, 7))
    assert words(np.zeros((2, 7), int)).shape == (2, 8)


def test_outputs_by_name() -> None:
    class Two(nn.Model):
        def __init__(self) -> None:
            super().__init__()
            self.kind, self.size = layers.Dense(10), layers.Dense(1)

        def call(self, x: Any) -> Any:
            return {"kind": self.kind(x), "size": self.size(x)}

    model = Two()
    model.compile(
        "adam",
        loss={"kind": losses.SparseCategoricalCrossentropy(from_logits=True), "size": "mse"},
        loss_weights={"kind": 1.0, "size": 0.1},
        metrics={"kind": ["accuracy"]},
    )
    history = model.fit(PIXELS, {"kind": DIGITS, "size": DIGITS.astype("float32")}, verbose=0)
    assert set(history.history) == {"loss", "kind_accuracy"}


# From PyTorch ----------------------------------------------------------------------------------------------------


class Digits(nn.data.Dataset):
    def __len__(self) -> int:
        return len(PIXELS)

    def __getitem__(self, index: int) -> Any:
        return PIXELS[index], DIGITS[index]


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.flatten = nn.Flatten()
        self.stack = nn.Sequential(nn.Linear(64, 32), nn.ReLU(inplace=True), nn.Linear(32, 10))

    def forward(self, x: Any) -> Any:
        return self.stack(self.flatten(x))


def test_the_quickstart() -> None:
    loader = nn.data.DataLoader(Digits(), batch_size=64, shuffle=True)
    model = Net().to("cpu")
    loss_fn, optimizer = nn.CrossEntropyLoss(), optim.SGD(model.parameters(), lr=0.5)
    for _ in range(8):
        model.train()
        for x, y in loader:
            loss = loss_fn(model(x), y)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
    model.eval()
    correct = 0.0
    with no_grad():
        for x, y in loader:
            correct += (model(x).argmax(1) == y).sum().item()
    assert correct / len(loader.dataset) > 0.85
    assert len(loader) == 29


def test_loaders_split_batch_and_collate() -> None:
    data = nn.data.TensorDataset(tensor(PIXELS), DIGITS)
    train, test = nn.data.random_split(data, [1500, 297], seed=0)
    assert sorted([*train.indices, *test.indices]) == list(range(1797))
    assert [len(part) for part in nn.data.random_split(data, [0.8, 0.2])] == [1438, 359]
    loader = nn.data.DataLoader(train, batch_size=32, shuffle=True, drop_last=True, num_workers=2, pin_memory=True)
    assert len(loader) == 46 and {x.shape for x, _ in loader} == {(32, 64)}
    whole = nn.data.DataLoader(data, batch_size=32, shuffle=True, seed=3)
    single = nn.data.DataLoader(Digits(), batch_size=32, shuffle=True, seed=3)
    for (x, y), (x2, y2) in zip(whole, single, strict=True):
        np.testing.assert_array_equal(x, x2)
        np.testing.assert_array_equal(y, y2)
    lengths = nn.data.DataLoader([[1], [1, 2], [1, 2, 3]], batch_size=2, collate_fn=lambda rows: [len(r) for r in rows])
    assert list(lengths) == [[1, 2], [3]]
    assert [y.tolist() for _, y in nn.data.DataLoader(nn.data.TensorDataset([[1.0], [2.0]], [5, 6]))] == [[5], [6]]


def test_the_first_parameter_is_asked_for() -> None:
    model = Net()
    first = next(model.parameters())
    assert first is model.stack[0].weight and first.device == "cpu"
    parameters = model.parameters()
    assert [next(parameters), next(parameters)] == parameters[:2] and len(list(parameters)) == 4


def test_layers_by_name() -> None:
    model = nn.Sequential(OrderedDict([("fc1", nn.Linear(4, 3)), ("relu", nn.ReLU()), ("fc2", nn.Linear(3, 1))]))
    assert list(model.state_dict()) == ["fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias"]
    assert model.fc1 is model[0] and model[1:].fc2 is model.fc2
    model.add_module("last", nn.Linear(1, 2))
    model.append(nn.ReLU()).insert(0, nn.Identity()).extend([nn.Linear(2, 5)])
    assert model(np.ones((2, 4), "float32")).shape == (2, 5)
    assert [name for name, _ in model.named_children()] == ["0", "fc1", "relu", "fc2", "last", "5", "6"]
    assert model.pop() is not None and model.last.weight.shape == (2, 1)
    with pytest.raises(AttributeError, match="expected an attribute or a layer's name; got 'fc9'"):
        _ = model.fc9
    with pytest.raises(ValueError, match="expected a name of its own"):
        model.add_module("last", nn.ReLU())


def test_a_model_with_names_is_copied_and_saved(tmp_path: Path) -> None:
    model = nn.Sequential({"a": nn.Linear(2, 3), "b": nn.ReLU()})
    model.save(tmp_path / "model.npz")
    for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model)), nn.load_model(tmp_path / "model.npz")):
        assert list(other.state_dict()) == ["a.weight", "a.bias"] and other.a is other[0]


def test_schedules_under_pytorchs_words() -> None:
    def rates(make: Any, steps: int = 6) -> list[float]:
        optimizer = optim.SGD([nn.parameter(1.0)], lr=1.0)
        scheduler, found = make(optimizer), []
        for _ in range(steps):
            found.append(round(optimizer.param_groups[0]["lr"], 6))
            scheduler.step()
        return found

    of = optim.lr_scheduler
    assert rates(lambda o: of.LambdaLR(o, lr_lambda=lambda e: 0.5**e), 3) == [1.0, 0.5, 0.25]
    assert rates(lambda o: of.MultiplicativeLR(o, lr_lambda=lambda e: 0.5), 3) == [1.0, 0.5, 0.25]
    chained = rates(lambda o: of.ChainedScheduler([of.ConstantLR(o, 0.1, 2), of.ExponentialLR(o, gamma=0.5)]), 4)
    assert chained == [0.1, 0.05, 0.25, 0.125]
    joined = rates(
        lambda o: of.SequentialLR(
            o, schedulers=[of.ConstantLR(o, 0.5, 9), of.ExponentialLR(o, gamma=0.5)], milestones=[2]
        ),
        4,
    )
    assert joined == [0.5, 0.5, 1.0, 0.5]
    assert rates(lambda o: of.OneCycleLR(o, max_lr=1.0, epochs=2, steps_per_epoch=3)) == rates(
        lambda o: of.OneCycleLR(o, max_lr=1.0, total_steps=6)
    )


def test_a_rate_of_each_group_has_a_function_of_its_own() -> None:
    model = Net()
    decay = [p for n, p in model.named_parameters() if "bias" not in n]
    rest = [p for n, p in model.named_parameters() if "bias" in n]
    optimizer = optim.AdamW([{"params": decay, "weight_decay": 0.1}, {"params": rest, "weight_decay": 0.0}], lr=1.0)
    scheduler = optim.lr_scheduler.LambdaLR(optimizer, lr_lambda=[lambda e: 0.5**e, lambda e: 1.0 - 0.1 * e])
    scheduler.step()
    assert scheduler.get_last_lr() == [0.5, 0.9]
    F.cross_entropy(model(PIXELS[:8]), DIGITS[:8]).backward()
    assert float(nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)) > 0
    optimizer.step()
    model.zero_grad(set_to_none=False)
    assert all((to_numpy(p.grad) == 0).all() for p in model.parameters())
    model.zero_grad(set_to_none=True)
    assert all(p.grad is None for p in model.parameters())


def test_a_rate_that_a_callback_of_ones_own_changes() -> None:
    """A finder of learning rates, as Keras's users write it: ``optimizer.learning_rate`` is read and set."""

    class Finder(callbacks.Callback):
        def on_train_begin(self, logs: Any = None) -> None:
            self.rates: list[float] = []
            self.losses: list[float] = []

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            self.rates.append(float(self.model.optimizer.learning_rate))
            self.losses.append(logs["loss"])
            self.model.optimizer.learning_rate *= 1.25

    model = nn.Sequential([layers.Dense(10, activation="softmax", input_shape=(64,))])
    model.compile(optimizers.SGD(1e-4), "sparse_categorical_crossentropy")
    finder = Finder()
    model.fit(PIXELS, DIGITS, verbose=0, callbacks=[finder])
    assert len(finder.rates) == len(finder.losses) == 57
    assert finder.rates[-1] == pytest.approx(1e-4 * 1.25**56)
