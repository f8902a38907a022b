"""One choice a platform: by multiply-accumulates and by what crosses, never by counting operators."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import analyzer
from analyzer.recommendation.advisor import Advisor
from analyzer.report.document.recommendation import Choice, Recommendation
from analyzer.rules.registry import Packs
from tests.building import model, operator, tensor
from tests.cli.running import run
from tests.recommendation.models import layers


def choices(recommendation: Recommendation) -> dict[str, Choice]:
    return {choice.platform: choice for choice in recommendation.choices}


def android(folder: Path, names: list[str], **how: object) -> Choice:
    model = layers(folder, names, **how)  # type: ignore[arg-type]
    [choice] = analyzer.recommend(model, "android", registered=["MyOp"]).choices
    return choice


def test_what_is_taken_whole_is_chosen(tmp_path: Path) -> None:
    choice = android(tmp_path, ["CONV_2D", "CONV_2D"])
    assert choice.sentence == "LiteRT GPU, both operators. NNAPI is deprecated."
    assert (choice.delegate, choice.accelerated, choice.delegated) == ("litert-gpu", True, 2)
    assert [(loading.way, loading.works) for loading in choice.loading] == [
        ("CompiledModel with GPU alone", True),
        ("CompiledModel with GPU and CPU", True),
    ]
    assert "com.google.ai.edge.litert:litert-gpu:2.3.0" in choice.libraries
    assert any("libOpenCL.so" in line for line in choice.manifest)
    assert [setting.value for setting in choice.settings if setting.name == "precision"] == ["fp16"]
    assert [other.delegate for other in choice.fallbacks] == ["gpu"]
    assert choice.cost is not None and choice.cost.delegated < choice.cost.cpu


def test_what_may_go_wrong_is_said_beside_the_choice(tmp_path: Path) -> None:
    choice = android(tmp_path, ["CONV_2D"] * 55, quantized=True)
    assert "It may go wrong: a network of 50 or more 8-bit convolutions drifts. " in choice.sentence
    assert any(hazard.startswith("a network of 50 or more") for hazard in choice.hazards)


def test_a_part_says_what_it_is_and_what_isn_t_chosen(tmp_path: Path) -> None:
    recommended = analyzer.recommend(layers(tmp_path, ["CONV_2D", "CEIL", "CONV_2D"]))
    ios = choices(recommended)["ios"]
    assert ios.sentence == (
        "LiteRT GPU, all 3 operators. Not the classic GPU (50 % of MACs) or Core ML (takes nothing)."
    )
    assert recommended.considered[:2] == ("litert-gpu", "gpu")


def test_more_partitions_are_tried_and_named(tmp_path: Path) -> None:
    names = ["CONV_2D", "CONV_2D", "MyOp", "CONV_2D"]
    choice = android(tmp_path, names)
    assert choice.sentence.startswith(
        "the classic GPU with max_partitions=4 (from C, C++ or Flutter), 3 of 4 operators with all MACs, "
        "the rest on XNNPACK (67 % without). Not LiteRT GPU (67 % of MACs)."
    )
    assert choice.parameters == {"max_partitions": 4}
    assert any("max_delegated_partitions = 4" in setting.text for setting in choice.settings)
    [ios] = analyzer.recommend(layers(tmp_path, names), "ios", registered=["MyOp"]).choices
    assert ios.sentence.startswith("LiteRT GPU, 67 % of MACs"), "Metal's interface has no such option"
    assert [(way.works, way.text) for way in ios.loading] == [
        (False, "won't load: the GPU takes 2 of 4 operators, and it has to take all."),
        (True, "2 of 4 operators on the GPU in 1 partition, the rest on XNNPACK."),
    ]


def test_what_would_help_is_named_though_it_isn_t_chosen(tmp_path: Path) -> None:
    choice = android(tmp_path, ["CONV_2D", "CEIL", "CONV_2D"])
    assert choice.delegate == "litert-gpu"
    [option] = [each for each in choice.improvements if each.kind == "option"]
    assert option.text.startswith("max_partitions=4 on the classic GPU: 2 of 3 operators with all MACs")
    assert "from C, C++ or Flutter" in option.text


def test_below_half_of_the_macs_it_stays_on_the_cpu(tmp_path: Path) -> None:
    choice = android(tmp_path, ["MyOp", "CONV_2D", "MyOp", "CONV_2D", "MyOp", "CONV_2D"])
    assert choice.delegate == "gpu", "which takes four partitions, and so all"
    many = ["CONV_2D", "MyOp"] * 12
    choice = android(tmp_path, many)
    assert not choice.accelerated and choice.delegate == "xnnpack"
    assert choice.sentence.startswith(
        "stay on XNNPACK: the classic GPU with max_partitions=4 takes 33 % of MACs; "
        "LiteRT GPU takes 8 % of MACs."
    )
    assert choice.loading and not choice.fallbacks


def test_too_few_macs_to_gain_by_it(tmp_path: Path) -> None:
    choice = android(tmp_path, ["CONV_2D", "CONV_2D"], size=4, channels=4)
    assert choice.sentence.startswith(
        "stay on XNNPACK: LiteRT GPU and the classic GPU take both operators, "
        "but 4.61 k MACs are too few to gain by it."
    )


def test_transfers_eat_what_little_is_computed(tmp_path: Path) -> None:
    choice = android(tmp_path, ["CONV_2D", "MyOp"], size=256, channels=1)
    assert "moving 524 kB there and back costs more than it saves" in choice.sentence


def test_nothing_to_multiply(tmp_path: Path) -> None:
    assert "but there is nothing to multiply" in android(tmp_path, ["RELU", "CEIL"]).sentence


def test_what_comes_out_wrong_isn_t_recommended(tmp_path: Path) -> None:
    choice = android(tmp_path, ["CONV_2D", "CONV_2D"], outputs=["t0"])
    assert choice.delegate != "litert-gpu"
    assert "LiteRT GPU (an output comes out wrong)" in choice.sentence
    [passed] = [each for each in choice.passed if each.delegate == "litert-gpu"]
    assert passed.verdict == "wrong" and passed.reason.startswith("An output comes out wrong")


def test_what_the_cpu_refuses_runs_nowhere(tmp_path: Path) -> None:
    model = layers(tmp_path, ["CONV_2D", "MyOp"])
    for choice in analyzer.recommend(model).choices:
        assert choice.delegate is None and not choice.cpu
        assert choice.sentence.startswith("nothing runs this model.")
        assert "MyOp" in choice.sentence


def test_what_one_chip_has_is_no_choice_for_a_platform(tmp_path: Path) -> None:
    choice = android(tmp_path, ["CONV_2D", "CONV_2D"])
    [chip] = [each for each in choice.passed if each.delegate == "qualcomm-htp"]
    assert chip.reason.startswith("for phones with one chip only")


def test_a_file_without_weights_gets_no_smaller_by_another_type(tmp_path: Path) -> None:
    whole = android(tmp_path, ["CONV_2D"] * 2)
    assert [each.kind for each in whole.improvements] == ["quantize"]
    bare = android(tmp_path, ["RELU"] * 2)
    assert [each.kind for each in bare.improvements] == []


def test_quantizing_is_told_by_what_the_model_is_made_of(tmp_path: Path) -> None:
    floats, eight_bits = (
        [each.text for each in android(tmp_path, ["CONV_2D"] * 2, quantized=q).improvements] for q in (0, 1)
    )
    assert any("float16 weights halve the file" in text for text in floats)
    assert any("unpacked to floats" in text for text in eight_bits)


def test_a_pack_of_ones_own_is_a_candidate(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    text = 'delegate = "mine"\ntitle = "Mine delegate"\nextends = "gpu"\nplatforms = ["ios"]\n'
    file.write_text(text, encoding="utf-8")
    model = layers(tmp_path, ["CONV_2D", "CONV_2D"])
    [choice] = analyzer.recommend(model, "ios", rules=[file]).choices
    assert "Mine" in {each.title for each in choice.fallbacks}


def test_another_platform_is_an_error() -> None:
    with pytest.raises(analyzer.AnalyzerError, match="--for windows"):
        analyzer.recommend("x.tflite", "windows")


def test_what_rewriting_the_file_would_bring(tmp_path: Path) -> None:
    sample = tmp_path / "sample.tflite"
    sample.write_bytes((Path(analyzer.__file__).parent / "model" / "sample.tflite").read_bytes())
    [choice] = analyzer.recommend(sample, "ios").choices
    same, parted = [
        each for each in choice.improvements if (each.kind, each.delegate) == ("fix", "litert-gpu")
    ]
    share = same.delegated_macs_share
    assert share is not None and share > 0.9
    # As it was tried: for all at once.
    assert "delegate-analyzer fix MODEL -d litert-gpu,gpu,coreml -o OUT.tflite (" in same.text
    assert "instead of 65 % of MACs" in same.text
    # What changes more for the app comes after it, where it brings more.
    assert "all 45 operators" in parted.text and "--split-tail -o " in parted.text
    assert parted.text.endswith("the operators at the end in a second model).")
    # With the names of files the command does that.
    [told] = re.findall(r"delegate-analyzer (fix .*) \(", parted.text)
    words = told.replace("MODEL", "sample:").replace("OUT.tflite", str(tmp_path / "out.tflite")).split()
    assert run(*words, "--no-run").code == 0 and (tmp_path / "out-tail.tflite").is_file()
    # Without a file there is nothing to rewrite.
    [choice] = analyzer.recommend(sample.read_bytes(), "ios").choices
    assert not [each for each in choice.improvements if each.kind == "fix"]


def repairs(file: Path, delegate: str = "litert-gpu") -> list[str]:
    [choice] = analyzer.recommend(file, "ios").choices
    return [each.text for each in choice.improvements if (each.kind, each.delegate) == ("fix", delegate)]


def open_batch(folder: Path) -> Path:
    """A shape that is computed from an open batch, as Keras' transposed convolutions have it."""
    sizes, free = [1, 8, 8, 4], [-1, 8, 8, 4]
    data = model(
        [
            tensor("x", sizes, shape_signature=free),
            tensor("s", [4], "INT32"),
            tensor("zero", [4], "INT32", data=bytes(16)),
            tensor("sum", [4], "INT32"),
            tensor("one", [], data=bytes((0, 0, 128, 63))),
            tensor("ones", sizes, shape_signature=free),
            tensor("y", sizes, shape_signature=free),
        ],
        [
            operator("SHAPE", ["x"], ["s"], {"out_type": "INT32"}),
            operator("ADD", ["s", "zero"], ["sum"]),
            operator("FILL", ["sum", "one"], ["ones"]),
            operator("ADD", ["x", "ones"], ["y"]),
        ],
        inputs=["x"],
        outputs=["y"],
    )
    file = folder / "open.tflite"
    file.write_bytes(data)
    return file


def test_a_free_batch_fixed(tmp_path: Path) -> None:
    """What hangs on it falls away, and the app is told that it is the one batch from then on."""
    texts = repairs(open_batch(tmp_path))
    assert any("--batch 1 -o " in text and text.endswith("a batch of 1).") for text in texts)


def test_repairs_of_nothing_say_so(tmp_path: Path) -> None:
    texts = repairs(open_batch(tmp_path), "gpu")
    assert texts and all(" instead of nothing: " in text for text in texts)


def test_a_second_model_that_takes_more_away_than_it_brings_is_not_told(tmp_path: Path) -> None:
    """Nothing but the first of many operators would be left to the delegate."""
    file = layers(tmp_path, ["CONV_2D", "ROUND", *["ABS"] * 9]).path
    assert not [text for text in repairs(Path(file)) if "--split-tail" in text]


def test_other_element_types_as_they_were_converted(tmp_path: Path) -> None:
    """What was converted is audited, platform by platform; nothing is said by rule beside it."""
    packs = Packs()
    file = layers(tmp_path, ["CONV_2D", "CONV_2D"])
    other = layers(tmp_path, ["CONV_2D", "CONV_2D"], quantized=True).path
    few = layers(tmp_path, ["CEIL"], size=2).path
    requantized = {"int8": Path(other).read_bytes(), "dynamic": Path(few).read_bytes()}
    advised = Advisor(packs, ("ios",)).advise(file, requantized=requantized).model.recommendation
    assert advised is not None
    [choice] = advised.choices
    told = [(each.delegate, each.text) for each in choice.improvements if each.kind == "quantize"]
    assert [delegate for delegate, _ in told] == ["xnnpack", "xnnpack"]
    assert told[1][1].endswith("): stay on XNNPACK.")
