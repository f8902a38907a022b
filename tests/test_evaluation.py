"""Evaluating models whose answers are known: accuracy, errors, differences, data sets of every kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from analyzer.errors import RuntimeUnavailable, UsageError
from analyzer.evaluation import Backend, Candidate, Evaluation, Settings, candidates, evaluate
from analyzer.runtime import images, keras
from analyzer.runtime.datasets import Source
from analyzer.runtime.interface import FAILED, OK
from analyzer.runtime.scores import CLASSIFICATION, REGRESSION, Truth
from tests.classifiers import CONFUSED, LARGEST, linear, linear_int8, samples, save

XNNPACK = Backend("xnnpack", "xnnpack")
CPU = Backend("cpu", "cpu")


@contextmanager
def unwatched(candidate: Candidate, samples: int) -> Iterator[Callable[[int], None]]:
    yield lambda done: None


def run(
    folder: Path, models: list[bytes], x: Any, y: Any, backends: tuple[Backend, ...] = (CPU,), **settings: Any
) -> Evaluation:
    """Evaluate models, each in a file of its own, on arrays."""
    paths = [folder / f"{number}.tflite" for number in range(len(models))]
    for path, model in zip(paths, models, strict=True):
        path.write_bytes(model)
    source = Source(str(save(folder / "data.npz", x, y)))
    chosen = list(candidates([str(path) for path in paths], backends))
    return evaluate(chosen, Settings(source, **settings), unwatched)


def test_a_model_against_one_that_takes_a_class_for_another(tmp_path: Path) -> None:
    x, y = samples((4, 3, 2))
    found = run(tmp_path, [linear(LARGEST, softmax=True), linear(CONFUSED)], x, y)
    right, wrong = found.results
    assert (found.task, found.samples, found.classes, found.complete) == (CLASSIFICATION, 9, 3, True)
    assert right.score is not None and right.score.top1 == 1
    assert right.score.top5 is None, "of three classes, five are all"
    assert right.difference is None
    assert wrong.score is not None and wrong.score.top1 == pytest.approx(4 / 9)
    assert wrong.difference is not None
    assert (wrong.difference.changed, wrong.difference.lost, wrong.difference.gained) == (5, 5, 0)
    assert [(c.samples, c.right, c.changed, c.lost, c.gained) for c in wrong.classes] == [
        (4, 4, 0, 0, 0),
        (3, 0, 3, 3, 0),
        (2, 0, 2, 2, 0),
    ]


def test_the_first_model_is_the_measure_even_where_it_is_worse(tmp_path: Path) -> None:
    _, better = run(tmp_path, [linear(CONFUSED), linear(LARGEST)], *samples((4, 3, 2))).results
    assert better.difference is not None
    assert (better.difference.lost, better.difference.gained) == (0, 5)


def test_quantized_models_are_fed_and_read_in_real_units(tmp_path: Path) -> None:
    x, y = samples()
    found = run(tmp_path, [linear(LARGEST), linear_int8(LARGEST)], x, y, (CPU, XNNPACK))
    assert [result.score and result.score.top1 for result in found.results] == [1, 1, 1, 1]
    exact, _, quantized, _ = run(
        tmp_path, [linear(LARGEST), linear_int8(LARGEST)], x, x, (CPU, XNNPACK), task=REGRESSION
    ).results
    assert exact.score is not None and exact.score.mae == pytest.approx(0, abs=1e-6)
    assert quantized.score is not None and quantized.score.mae is not None
    assert 0 < quantized.score.mae < 1 / 255
    assert quantized.difference is not None and quantized.difference.mean == pytest.approx(
        quantized.score.mae, rel=1e-3
    )


def test_numbers_have_errors(tmp_path: Path) -> None:
    x = np.array([[1, 2], [3, 4]], np.float32)
    sums, twice = run(
        tmp_path, [linear([[1, 1]]), linear([[2, 2]])], x, np.array([3.0, 8.0], np.float32)
    ).results
    assert sums.score is not None and (sums.score.mae, sums.score.mse) == (0.5, 0.5)
    assert twice.score is not None and (twice.score.mae, twice.score.mse) == (4.5, 22.5)
    assert twice.difference is not None and twice.difference.mean == 5.0
    assert twice.classes == ()


@pytest.mark.parametrize("open_batch", [False, True])
def test_batches_fill_up_and_change_nothing(tmp_path: Path, open_batch: bool) -> None:
    model = linear(CONFUSED, open_batch=open_batch)
    [single] = run(tmp_path, [model], *samples()).results
    [several] = run(tmp_path, [model], *samples(), batch=4).results
    assert single.score == several.score
    assert single.classes == several.classes


def test_one_score_is_the_chance_of_class_one(tmp_path: Path) -> None:
    x = np.array([[0.9], [0.2], [0.6]], np.float32)
    [result] = run(tmp_path, [linear([[1]])], x, np.array([1, 0, 0])).results
    assert result.score is not None and result.score.top1 == pytest.approx(2 / 3)


def test_answers_that_are_no_number_are_never_right(tmp_path: Path) -> None:
    x = np.array([[1, np.nan], [1, 0]], np.float32)
    [result] = run(tmp_path, [linear([[1, 0], [0, 1]])], x, np.array([0, 0])).results
    assert result.score is not None and result.score.top1 == 0.5


def test_the_best_five_of_six(tmp_path: Path) -> None:
    x = np.array([[6, 5, 4, 3, 2, 1]] * 6, np.float32)
    [result] = run(tmp_path, [linear(np.eye(6).tolist())], x, np.arange(6)).results
    assert result.score is not None
    assert (result.score.top1, result.score.top5) == (1 / 6, 5 / 6)


def test_what_is_measured_besides(tmp_path: Path) -> None:
    [result] = run(tmp_path, [linear(LARGEST)], *samples()).results
    assert result.size.bytes == (tmp_path / "0.tflite").stat().st_size
    assert 0 < result.size.gzip_bytes < result.size.bytes
    assert result.times is not None and result.times.mean > 0
    assert result.measured is not None and result.measured.runtime.name
    assert result.left == 0


def test_a_model_that_cannot_be_judged_leaves_the_others(tmp_path: Path) -> None:
    found = run(tmp_path, [linear([[1, 0, 0], [0, 1, 0]]), linear(LARGEST)], *samples())
    few, fine = found.results
    assert (few.status, fine.status, found.complete) == (FAILED, OK, False)
    assert few.message == "tells 2 classes apart, y goes up to class 2"
    assert fine.score is not None and fine.difference is None, "there is nothing to compare it with"


def test_progress_is_told_in_samples(tmp_path: Path) -> None:
    seen: list[int] = []

    @contextmanager
    def watch(candidate: Candidate, samples: int) -> Iterator[Callable[[int], None]]:
        assert samples == 9
        yield seen.append

    (tmp_path / "m.tflite").write_bytes(linear(LARGEST))
    source = Source(str(save(tmp_path / "data.npz", *samples())))
    evaluate([Candidate(str(tmp_path / "m.tflite"), CPU)], Settings(source), watch)
    assert seen == sorted(seen) and seen[-1] == 9


@pytest.mark.parametrize(
    ("labels", "task"),
    [
        (np.array([0, 1, 2]), CLASSIFICATION),
        (np.array([[0], [1], [2]], np.uint8), CLASSIFICATION),
        (np.array([True, False, True]), CLASSIFICATION),
        (np.eye(3), CLASSIFICATION),
        (np.array([0.0, 1.0, 2.0]), REGRESSION),
        (np.array([[1, 2], [3, 4], [5, 6]]), REGRESSION),
    ],
)
def test_labels_tell_what_is_asked(labels: Any, task: str) -> None:
    assert Truth(labels).task == task


@pytest.mark.parametrize("labels", [np.array([-1, 0]), np.array([0.5, 1.0]), np.ones((2, 3))])
def test_labels_that_are_no_classes(labels: Any) -> None:
    with pytest.raises(UsageError, match="y isn't a class for each sample"):
        Truth(labels, task=CLASSIFICATION)


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"x": np.zeros((2, 3))}, "it has no array y"),
        ({"x": np.zeros((2, 3)), "y": np.zeros(3)}, "x has shape 2x3, y 3"),
        ({"x": np.zeros((0, 3)), "y": np.zeros(0)}, "x has shape 0x3, y 0"),
        ({"x": np.array(["a", "b"]), "y": np.zeros(2)}, "x holds <U1, not numbers"),
        ({"x": np.zeros((2, 3, 4)).T, "y": np.zeros(4)}, "column-major"),
    ],
)
def test_data_sets_that_are_none(tmp_path: Path, arrays: dict[str, Any], words: str) -> None:
    np.savez(tmp_path / "data.npz", **arrays)
    with pytest.raises(UsageError, match=words):
        evaluate([], Settings(Source(str(tmp_path / "data.npz"))), unwatched)


def test_samples_of_another_shape(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"takes 1x3, a sample has shape 2x2; reshape the data set's x"):
        run(tmp_path, [linear(LARGEST)], np.zeros((1, 2, 2), np.float32), np.zeros(1, int))


def test_samples_that_only_lack_a_dimension(tmp_path: Path) -> None:
    x, y = samples()
    [result] = run(tmp_path, [linear(LARGEST)], x.reshape(-1, 3, 1), y).results
    assert result.score is not None and result.score.top1 == 1


def picture_model() -> bytes:
    """Takes images 1x2x2x1, tells dark ones (class 0) from bright ones."""
    from tests.building import model, operator, tensor

    weights = np.array([[-1] * 4, [1] * 4], np.float32)
    bias = np.array([2, -2], np.float32)
    return model(
        [
            tensor("x", [1, 2, 2, 1]),
            tensor("w", [2, 4], data=weights.tobytes()),
            tensor("b", [2], data=bias.tobytes()),
            tensor("y", [1, 2]),
        ],
        [operator("FULLY_CONNECTED", ["x", "w", "b"], ["y"])],
    )


def picture_folder(folder: Path) -> Path:
    """Images of another size than the model's, by class; one of them in the wrong place."""
    image = pytest.importorskip("PIL.Image")
    for name, shades in {"bright": (255, 200), "dark": (0, 30, 250)}.items():
        (folder / name).mkdir(parents=True)
        for shade in shades:
            image.new("L", (5, 4), shade).save(folder / name / f"{shade}.png")
    (folder / "dark" / "notes.txt").write_text("no image")
    return folder


def test_a_folder_of_images_by_class(tmp_path: Path) -> None:
    (tmp_path / "m.tflite").write_bytes(picture_model())
    settings = Settings(Source(str(picture_folder(tmp_path / "data"))))
    [result] = evaluate([Candidate(str(tmp_path / "m.tflite"), CPU)], settings, unwatched).results
    # Folders are numbered by their names, so that the model has it all the wrong way round.
    assert [(c.name, c.samples, c.right) for c in result.classes] == [("bright", 2, 0), ("dark", 3, 1)]
    inverted = replace(settings, source=replace(settings.source, low=1, high=0))
    [result] = evaluate([Candidate(str(tmp_path / "m.tflite"), CPU)], inverted, unwatched).results
    assert [c.right for c in result.classes] == [2, 2]


def test_images_need_pillow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "find_spec", lambda name: None)
    with pytest.raises(RuntimeUnavailable, match="Pillow, which is not installed; pip install pillow"):
        evaluate([], Settings(Source(str(tmp_path))), unwatched)


def test_keras_models_need_tensorflow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keras, "find_spec", lambda name: None)
    (tmp_path / "m.keras").write_bytes(b"")
    source = Source(str(save(tmp_path / "data.npz", *samples())))
    chosen = list(candidates([str(tmp_path / "m.keras")], [XNNPACK]))
    assert [candidate.backend.engine for candidate in chosen] == ["keras"]
    with pytest.raises(RuntimeUnavailable, match=r"need TensorFlow.*pip install"):
        evaluate(chosen, Settings(source), unwatched)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_keras_and_tflite_side_by_side(tmp_path: Path) -> None:
    pytest.importorskip("tensorflow")
    made = pytest.importorskip("keras")
    model = made.Sequential([made.Input((3,)), made.layers.Dense(3, use_bias=False)])
    model.set_weights([np.array(CONFUSED, np.float32).T])
    model.save(tmp_path / "m.keras")
    model.export(tmp_path / "saved", verbose=False)
    (tmp_path / "m.tflite").write_bytes(linear(CONFUSED))
    source = Source(str(save(tmp_path / "data.npz", *samples())))
    paths = [str(tmp_path / name) for name in ("m.keras", "saved", "m.tflite")]
    found = evaluate(list(candidates(paths, [CPU])), Settings(source, batch=2), unwatched)
    assert [(result.status, result.message) for result in found.results] == [(OK, "")] * 3
    assert len({result.score for result in found.results}) == 1
    assert [result.difference and result.difference.changed for result in found.results] == [None, 0, 0]
