"""Evaluating models whose answers are known: accuracy, errors, differences, data sets of every kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import numpy as np
import pytest
from msgspec.structs import replace

import analyzer
from analyzer.errors import RuntimeUnavailable, UsageError
from analyzer.evaluation import datasets, keras
from analyzer.evaluation.datasets import Source
from analyzer.evaluation.evaluator import (
    Backend,
    Candidate,
    Evaluation,
    Result,
    Settings,
    backends,
    candidates,
    evaluate,
    held,
)
from analyzer.evaluation.metrics import CLASSIFICATION, REGRESSION, OutputMetrics, truth
from analyzer.execution.inputs import images
from analyzer.execution.request import FAILED, OK, Limits
from analyzer.rules.registry import Packs
from tests.evaluation.classifiers import CONFUSED, LARGEST, linear, linear_int8, samples, save

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


def only(result: Result) -> OutputMetrics:
    """The metrics of a model's only evaluated output."""
    [answers] = result.answers
    return answers


def test_what_comes_to_the_same_is_measured_once() -> None:
    asked = ["cpu", "xnnpack", "cpu", "xnnpack:qs8=true", "xnnpack:qs8=false"]
    assert [each.name for each in backends(Packs(), asked)] == ["cpu", "xnnpack", "xnnpack:qs8=false"]


def test_a_model_against_one_that_takes_a_class_for_another(tmp_path: Path) -> None:
    x, y = samples((4, 3, 2))
    evaluation = run(tmp_path, [linear(LARGEST, softmax=True), linear(CONFUSED)], x, y)
    right, wrong = map(only, evaluation.results)
    assert (evaluation.targets, evaluation.samples, evaluation.complete) == (("y",), 9, True)
    assert (right.task, right.score.top1, right.difference) == (CLASSIFICATION, 1, None)
    assert right.score.top5 is None, "of three classes, five are all"
    assert wrong.score.top1 == pytest.approx(4 / 9)
    assert wrong.difference is not None
    assert (wrong.difference.changed, wrong.difference.lost, wrong.difference.gained) == (5, 5, 0)
    assert [(c.samples, c.right, c.changed, c.lost, c.gained) for c in wrong.classes] == [
        (4, 4, 0, 0, 0),
        (3, 0, 3, 3, 0),
        (2, 0, 2, 2, 0),
    ]


def test_the_first_model_is_the_measure_even_where_it_is_worse(tmp_path: Path) -> None:
    _, better = run(tmp_path, [linear(CONFUSED), linear(LARGEST)], *samples((4, 3, 2))).results
    difference = only(better).difference
    assert difference is not None and (difference.lost, difference.gained) == (0, 5)


@pytest.mark.tensorflow
def test_quantized_models_are_fed_and_read_in_real_units(tmp_path: Path) -> None:
    x, y = samples()
    evaluation = run(tmp_path, [linear(LARGEST), linear_int8(LARGEST)], x, y, (CPU, XNNPACK))
    assert [only(result).score.top1 for result in evaluation.results] == [1, 1, 1, 1]
    models = [linear(LARGEST), linear_int8(LARGEST)]
    exact, _, quantized, _ = map(only, run(tmp_path, models, x, x, (CPU, XNNPACK), task=REGRESSION).results)
    assert exact.score.mae == pytest.approx(0, abs=1e-6)
    assert quantized.score.mae is not None and 0 < quantized.score.mae < 1 / 255
    assert quantized.difference is not None
    assert quantized.difference.mean == pytest.approx(quantized.score.mae, rel=1e-3)


def test_numbers_have_errors(tmp_path: Path) -> None:
    x = np.array([[1, 2], [3, 4]], np.float32)
    models = [linear([[1, 1]]), linear([[2, 2]])]
    sums, twice = map(only, run(tmp_path, models, x, np.array([3.0, 8.0], np.float32)).results)
    assert (sums.score.mae, sums.score.mse) == (0.5, 0.5)
    assert (twice.score.mae, twice.score.mse) == (4.5, 22.5)
    assert twice.difference is not None and twice.difference.mean == 5.0
    assert twice.classes == ()


@pytest.mark.parametrize("open_batch", [False, True])
def test_batches_fill_up_and_change_nothing(tmp_path: Path, open_batch: bool) -> None:
    model = linear(CONFUSED, open_batch=open_batch)
    [single] = run(tmp_path, [model], *samples()).results
    [several] = run(tmp_path, [model], *samples(), batch=4).results
    assert single.answers == several.answers


def test_one_score_is_the_chance_of_class_one(tmp_path: Path) -> None:
    x = np.array([[0.9], [0.2], [0.6]], np.float32)
    [result] = run(tmp_path, [linear([[1]])], x, np.array([1, 0, 0])).results
    assert only(result).score.top1 == pytest.approx(2 / 3)


@pytest.mark.parametrize("task", [CLASSIFICATION, REGRESSION])
def test_outputs_of_no_numbers(tmp_path: Path, task: str) -> None:
    from tests.building import model, operator, tensor

    empty = model([tensor("x", [1, 0]), tensor("y", [1, 0])], [operator("ABS", ["x"], ["y"])])
    [result] = run(tmp_path, [empty], np.zeros((2, 0), np.float32), np.array([0, 1]), task=task).results
    assert result.status == FAILED
    assert result.message.startswith(("gives 0 numbers", "tells 0 classes apart"))


def test_numbers_that_are_no_classes_cost_no_memory(tmp_path: Path) -> None:
    [result] = run(tmp_path, [linear(LARGEST)], np.eye(3, dtype=np.float32), np.array([0, 1, 10**15])).results
    assert result.message == "tells 3 classes apart, the labels go up to class 1000000000000000"


def test_answers_that_are_no_number_are_never_right(tmp_path: Path) -> None:
    x = np.array([[1, np.nan], [1, 0]], np.float32)
    [result] = run(tmp_path, [linear([[1, 0], [0, 1]])], x, np.array([0, 0])).results
    assert only(result).score.top1 == 0.5


def test_the_best_five_of_six(tmp_path: Path) -> None:
    x = np.array([[6, 5, 4, 3, 2, 1]] * 6, np.float32)
    [result] = run(tmp_path, [linear(np.eye(6).tolist())], x, np.arange(6)).results
    assert (only(result).score.top1, only(result).score.top5) == (1 / 6, 5 / 6)


def test_what_is_measured_besides(tmp_path: Path) -> None:
    [result] = run(tmp_path, [linear(LARGEST)], *samples()).results
    assert result.size.bytes == (tmp_path / "0.tflite").stat().st_size
    assert 0 < result.size.gzip_bytes < result.size.bytes
    assert result.times is not None and result.times.mean > 0
    assert result.measured is not None and result.measured.runtime.name
    assert result.left == 0


def test_a_model_that_cannot_be_judged_leaves_the_others(tmp_path: Path) -> None:
    evaluation = run(tmp_path, [linear([[1, 0, 0], [0, 1, 0]]), linear(LARGEST)], *samples())
    few, fine = evaluation.results
    assert (few.status, fine.status, evaluation.complete) == (FAILED, OK, False)
    assert few.message == "tells 2 classes apart, the labels go up to class 2"
    assert only(fine).difference is None, "there is nothing to compare it with"


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


def labelled(folder: Path, labels: Any) -> datasets.Dataset:
    return datasets.open(Source(str(save(folder / "data.npz", np.zeros(len(labels)), labels))))


@pytest.mark.parametrize(
    ("labels", "task"),
    [
        (np.array([0, 1, 2]), CLASSIFICATION),
        (np.array([[0], [1], [2]], np.uint8), CLASSIFICATION),
        (np.array([True, False, True]), CLASSIFICATION),
        (np.eye(3), CLASSIFICATION),
        (np.array([0.0, 1.0, 2.0]), REGRESSION),
        (np.array([[1, 2], [3, 4], [5, 6]]), REGRESSION),
        (np.array([[0, 1], [1, 0], [1, 1]]), REGRESSION),
        (np.array([-1, 0]), REGRESSION),
        (np.array([0.0, np.nan]), REGRESSION),
        (np.array([10**15, 0]), CLASSIFICATION),
    ],
)
def test_labels_tell_what_is_asked(tmp_path: Path, labels: Any, task: str) -> None:
    assert truth(labelled(tmp_path, labels), "y").task == task
    assert truth(labelled(tmp_path, labels), "y", REGRESSION).task == REGRESSION


@pytest.mark.parametrize("labels", [np.array([-1, 0]), np.array([0.5, 1.0]), np.ones((2, 3))])
def test_labels_that_are_no_classes(tmp_path: Path, labels: Any) -> None:
    with pytest.raises(UsageError, match="y isn't a class for each sample"):
        truth(labelled(tmp_path, labels), "y", CLASSIFICATION)


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"x": np.zeros((2, 3)), "y": np.zeros(3)}, "it has x 2x3, y 3"),
        ({"x": np.zeros((0, 3)), "y": np.zeros(0)}, "it has x 0x3, y 0"),
        ({"x": np.array(["a", "b"])}, "it has no arrays"),
        ({"x": np.zeros((2, 3, 4)).T, "y": np.zeros(4)}, "column-major"),
    ],
)
def test_data_sets_that_are_none(tmp_path: Path, arrays: dict[str, Any], words: str) -> None:
    np.savez(tmp_path / "data.npz", **arrays)
    with pytest.raises(UsageError, match=words):
        datasets.open(Source(str(tmp_path / "data.npz")))


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"x": np.zeros((2, 3))}, r"no numbers called y or scores, only x"),
        ({"y": np.zeros(2), "z": np.zeros((2, 3))}, r"no numbers called x or x, only y, z"),
    ],
)
def test_arrays_that_a_model_lacks(tmp_path: Path, arrays: dict[str, Any], words: str) -> None:
    np.savez(tmp_path / "data.npz", **arrays)
    (tmp_path / "m.tflite").write_bytes(linear(LARGEST))
    with pytest.raises(UsageError, match=words):
        evaluate(
            [Candidate(str(tmp_path / "m.tflite"), CPU)],
            Settings(Source(str(tmp_path / "data.npz"))),
            unwatched,
        )


def test_samples_of_another_shape(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"takes 1x3, a sample has shape 2x2; reshape the data set's x"):
        run(tmp_path, [linear(LARGEST)], np.zeros((1, 2, 2), np.float32), np.zeros(1, int))


def test_samples_that_only_lack_a_dimension(tmp_path: Path) -> None:
    x, y = samples()
    [result] = run(tmp_path, [linear(LARGEST)], x.reshape(-1, 3, 1), y).results
    assert only(result).score.top1 == 1


def two_of_each(of_inputs: str = "{}", of_outputs: str = "{}", **signature: Any) -> bytes:
    """Inputs a [1, 3] and b [1, 2]: the largest of a comes out as scores, twice b as numbers."""
    from tests.building import model, operator, tensor

    a, b, scores, twice = (
        of_inputs.format("a"),
        of_inputs.format("b"),
        of_outputs.format("scores"),
        of_outputs.format("twice"),
    )
    tensors = [tensor(b, [1, 2]), tensor(a, [1, 3]), tensor(twice, [1, 2]), tensor(scores, [1, 3])]
    operators = [operator("ADD", [b, b], [twice]), operator("SOFTMAX", [a], [scores], {"beta": 1.0})]
    return model(tensors, operators, **signature)


def mixed(folder: Path, **arrays: Any) -> Settings:
    """Three samples for such models."""
    rows = np.array([[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]], np.float32)
    np.savez(folder / "data.npz", a=np.eye(3, dtype=np.float32), b=rows, **arrays)
    return Settings(Source(str(folder / "data.npz")))


def test_several_inputs_and_outputs_go_by_their_names(tmp_path: Path) -> None:
    wrong = np.array([[1.2, 1.4], [0.6, 0.8], [1.0, 1.2]])
    settings = mixed(tmp_path, scores=np.array([0, 1, 1]), twice=wrong)
    signature = {
        "signature_key": "serve",
        "inputs": [{"name": "a", "tensor_index": 1}, {"name": "b", "tensor_index": 0}],
        "outputs": [{"name": "scores", "tensor_index": 3}, {"name": "twice", "tensor_index": 2}],
    }
    contents = [
        two_of_each(),
        two_of_each("serving_default_{}:0"),
        two_of_each("other_{}", "Partitioned_{}:1", signature_defs=[signature]),
    ]
    paths = [str(tmp_path / f"{number}.tflite") for number in range(len(contents))]
    for path, content in zip(paths, contents, strict=True):
        Path(path).write_bytes(content)
    evaluation = evaluate(list(candidates(paths, [CPU, XNNPACK])), settings, unwatched)
    assert [result.message for result in evaluation.results] == [""] * 6
    assert set(evaluation.targets) == {"scores", "twice"}
    for number, result in enumerate(evaluation.results):
        scores, twice = result.of("scores"), result.of("twice")
        assert scores is not None and scores.score.top1 == pytest.approx(2 / 3)
        assert twice is not None and twice.score.mae == pytest.approx(2 / 6, abs=1e-6)
        assert (scores.difference is None) is (number == 0)


def test_outputs_without_labels_are_left_aside(tmp_path: Path) -> None:
    settings = mixed(tmp_path, scores=np.array([0, 1, 2]))
    (tmp_path / "m.tflite").write_bytes(two_of_each())
    [result] = evaluate([Candidate(str(tmp_path / "m.tflite"), CPU)], settings, unwatched).results
    assert [one.target for one in result.answers] == ["scores"]


@pytest.mark.parametrize(
    ("lost", "words"),
    [
        ("b", "no numbers called b, only a, scores"),
        ("scores", "no numbers called any of twice, scores, only a, b"),
    ],
)
def test_names_that_do_not_fit_are_told_with_those_that_are_there(
    tmp_path: Path, lost: str, words: str
) -> None:
    settings = mixed(tmp_path, scores=np.array([0, 1, 2]))
    with np.load(tmp_path / "data.npz") as there:
        kept = {name: there[name] for name in there.files if name != lost}
    np.savez(tmp_path / "data.npz", **kept)
    (tmp_path / "m.tflite").write_bytes(two_of_each())
    with pytest.raises(UsageError, match=words):
        evaluate([Candidate(str(tmp_path / "m.tflite"), CPU)], settings, unwatched)


BACKGROUND = [[0.0, 0.0, 0.0], *LARGEST]


def test_models_with_a_background_class_have_all_numbers_moved(tmp_path: Path) -> None:
    x, y = samples((4, 3, 2))
    [plain] = run(tmp_path, [linear(BACKGROUND)], x, y).results
    assert only(plain).score.top1 == 0
    [moved] = run(tmp_path, [linear(BACKGROUND)], x, y, offset=1).results
    assert only(moved).score.top1 == 1
    [result] = run(tmp_path, [linear(LARGEST)], x, y, offset=1).results
    assert (
        result.message == "tells 3 classes apart, the labels go up to class 2, of which the first is number 1"
    )


def test_a_thousand_classes_and_one_score_more_is_worth_a_word(tmp_path: Path) -> None:
    x = np.ones((1, 1), np.float32)
    [result] = run(tmp_path, [linear([[1.0]] * 1001)], x, np.array([999])).results
    assert result.measured is not None
    assert "--class-offset 1" in result.measured.remarks[0]


def test_classes_go_by_labels_where_both_sides_name_them(tmp_path: Path) -> None:
    x, y = samples((4, 3, 2))
    np.savez(tmp_path / "data.npz", x=x, y=y, classes=np.array(["cat", "dog", "bird"]))
    names = ["right", "moved"]
    for name, weights in zip(names, (LARGEST, BACKGROUND), strict=True):
        (tmp_path / f"{name}.tflite").write_bytes(linear(weights))
    moved = named_outputs(tmp_path / "moved.tflite", "background\ncat\ndog\nbird\n")
    settings = Settings(Source(str(tmp_path / "data.npz")))
    right = str(tmp_path / "right.tflite")
    evaluation = evaluate(list(candidates([right, moved], [CPU])), settings, unwatched)
    assert [only(result).score.top1 for result in evaluation.results] == [1, 1]
    assert [one.name for one in only(evaluation.results[1]).classes] == ["cat", "dog", "bird"]
    difference = only(evaluation.results[1]).difference
    assert difference is not None and difference.changed == 0
    (tmp_path / "labels.txt").write_text("bird\ncat\ndog\n")
    settings = replace(settings, labels=str(tmp_path / "labels.txt"))
    [result] = evaluate(list(candidates([right], [CPU])), settings, unwatched).results
    assert only(result).score.top1 == 0
    [few] = evaluate(list(candidates([moved], [CPU])), settings, unwatched).results
    assert few.message == "tells 4 classes apart, its labels are 3"


def test_a_model_in_an_archive_has_its_labels(tmp_path: Path) -> None:
    x, y = samples((4, 3, 2))
    np.savez(tmp_path / "data.npz", x=x, y=y, classes=np.array(["cat", "dog", "bird"]))
    moved = named_outputs(tmp_path / "moved.tflite", "background\ncat\ndog\nbird\n")
    with ZipFile(tmp_path / "app.apk", "w") as archive:
        archive.write(moved, "assets/moved.tflite")
    path = f"{tmp_path}/app.apk!assets/moved.tflite"
    with held([path, "sample:"]) as files:
        assert Path(files["sample:"]).is_file()
        chosen = list(candidates([path], [CPU], files))
        [result] = evaluate(chosen, Settings(Source(str(tmp_path / "data.npz"))), unwatched).results
    assert only(result).score.top1 == 1


def named_outputs(file: Path, labels: str) -> str:
    """The same model with labels for its output in its metadata."""
    from tests.building import build

    files = [{"name": "labels.txt", "type": "TENSOR_AXIS_LABELS"}]
    graph = {"output_tensor_metadata": [{"associated_files": files}]}
    said = build({"subgraph_metadata": [graph]}, b"M001", "ModelMetadata")
    file.write_bytes(linear(BACKGROUND, metadata={"TFLITE_METADATA": said}))
    with ZipFile(file, "a") as archive:
        archive.writestr("labels.txt", labels)
    return str(file)


def test_a_data_set_may_be_larger_than_the_memory_that_is_allowed(tmp_path: Path) -> None:
    """Zeros pack well: 335 MB of samples and as much of labels in a small file."""
    count, width = 320, 1 << 18
    with ZipFile(tmp_path / "data.npz", "w", ZIP_DEFLATED, compresslevel=1) as archive:
        for name in ("x", "y"):
            with archive.open(f"{name}.npy", "w", force_zip64=True) as stream:
                header = {"descr": "<f4", "fortran_order": False, "shape": (count, width)}
                np.lib.format.write_array_header_1_0(stream, header)
                for _ in range(count):
                    stream.write(bytes(4 * width))
    from tests.building import model, operator, tensor

    whole = [tensor("x", [1, width]), tensor("y", [1, width])]
    (tmp_path / "m.tflite").write_bytes(model(whole, [operator("ABS", ["x"], ["y"])]))
    settings = Settings(Source(str(tmp_path / "data.npz")), limits=Limits(megabytes=300))
    twice = list(candidates([str(tmp_path / "m.tflite")], [CPU, XNNPACK]))
    evaluation = evaluate(twice, settings, unwatched)
    assert [result.message for result in evaluation.results] == ["", ""]
    for result in evaluation.results:
        assert only(result).score.mse == 0
        assert result.measured is not None and result.measured.memory is not None
        assert result.measured.memory.peak < 300 << 20


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
    assert [(c.name, c.samples, c.right) for c in only(result).classes] == [("bright", 2, 0), ("dark", 3, 1)]
    inverted = replace(settings, source=replace(settings.source, range=(1, 0)))
    [result] = evaluate([Candidate(str(tmp_path / "m.tflite"), CPU)], inverted, unwatched).results
    assert [c.right for c in only(result).classes] == [2, 2]


def test_images_need_pillow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "find_spec", lambda name: None)
    with pytest.raises(RuntimeUnavailable, match="Pillow, which is not installed; pip install pillow"):
        evaluate([], Settings(Source(str(tmp_path))), unwatched)


@pytest.mark.tensorflow
def test_keras_models_need_tensorflow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keras, "find_spec", lambda name: None)
    (tmp_path / "m.keras").write_bytes(b"")
    source = Source(str(save(tmp_path / "data.npz", *samples())))
    chosen = list(candidates([str(tmp_path / "m.keras")], [XNNPACK]))
    assert [candidate.backend.engine for candidate in chosen] == ["keras"]
    with pytest.raises(RuntimeUnavailable, match=r"need TensorFlow.*pip install"):
        evaluate(chosen, Settings(source), unwatched)


@pytest.mark.tensorflow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_keras_models_of_several_inputs_and_outputs(tmp_path: Path) -> None:
    pytest.importorskip("tensorflow")
    made = pytest.importorskip("keras")
    a, b = made.Input((3,), name="a"), made.Input((2,), name="b")
    scores, twice = made.layers.Softmax(name="scores")(a), made.layers.Add(name="twice")([b, b])
    lists = made.Model([a, b], [scores, twice])
    names = made.Model({"a": a, "b": b}, {"scores": scores, "twice": twice})
    lists.save(tmp_path / "lists.keras")
    lists.export(tmp_path / "lists", verbose=False)
    names.save(tmp_path / "names.keras")
    names.export(tmp_path / "names", verbose=False)
    true = {"scores": np.array([0, 1, 1]), "twice": np.array([[1.2, 1.4], [0.6, 0.8], [1.0, 1.2]])}
    settings = mixed(tmp_path, **true, output_0=true["scores"], output_1=true["twice"])
    paths = [str(tmp_path / name) for name in ("lists.keras", "names.keras", "names", "lists")]
    evaluation = evaluate(list(candidates(paths, [CPU])), replace(settings, batch=2), unwatched)
    assert [(result.status, result.message) for result in evaluation.results] == [(OK, "")] * 4
    *named, numbered = evaluation.results
    for result, classes, numbers in (
        *((one, "scores", "twice") for one in named),
        (numbered, "output_0", "output_1"),
    ):
        one, other = result.of(classes), result.of(numbers)
        assert one is not None and one.score.top1 == pytest.approx(2 / 3)
        assert other is not None and other.score.mae == pytest.approx(2 / 6, abs=1e-6)
    [alone] = evaluate(
        list(candidates(paths[:1], [CPU])), mixed(tmp_path, output_1=true["twice"]), unwatched
    ).results
    assert [one.target for one in alone.answers] == ["output_1"]


@pytest.mark.tensorflow
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
    evaluation = evaluate(list(candidates(paths, [CPU])), Settings(source, batch=2), unwatched)
    assert [(result.status, result.message) for result in evaluation.results] == [(OK, "")] * 3
    answers = [only(result) for result in evaluation.results]
    assert len({one.score for one in answers}) == 1
    assert [one.difference and one.difference.changed for one in answers] == [None, 0, 0]


def test_from_python_models_are_evaluated_as_by_the_command(tmp_path: Path) -> None:
    x, y = samples()
    data = save(tmp_path / "data.npz", x, y)
    models = [tmp_path / name for name in ("a.tflite", "b.tflite")]
    for model, content in zip(models, (linear(CONFUSED), linear_int8(CONFUSED)), strict=True):
        model.write_bytes(content)
    told = analyzer.evaluate(models, data, ["cpu", "xnnpack"], batch=2)
    assert repr(told) == f"<Evaluation on {len(x)} samples: 4 of 4 measured>"
    assert [(one.candidate.path, one.candidate.backend.name) for one in told.results] == [
        (str(model), name) for model in models for name in ("cpu", "xnnpack")
    ]
    assert [one.answers for one in told.results[::2]] == [
        one.answers for one in analyzer.evaluate(models, str(data), "cpu").results
    ]
