"""How findings become causes."""

from pathlib import Path

from msgspec.structs import replace

from analyzer.auditing.auditor import Auditor
from analyzer.auditing.configurations import configure
from analyzer.model import read_bytes
from analyzer.report.document import convert
from analyzer.report.document.audit_document import Finding, Gain, Operator, Place
from analyzer.report.wording import causes, changes, phrases
from analyzer.report.wording.causes import Cause
from analyzer.rules.registry import Packs
from analyzer.sources import SAMPLE, find_one, load
from tests.building import chain
from tests.conformance import cases
from tests.packs import saved, tiny
from tests.report import sample_document as sample

MODEL = sample.model()


def rules(found: list[Cause]) -> list[str]:
    return [cause.rules[0] for cause in found]


def test_graph_level_causes_come_first_then_the_most_costly() -> None:
    found = causes.direct(causes.causes(MODEL))
    assert rules(found)[:3] == ["runtime/dynamic-tensor", "ane/every-op/float", "dsp/conv-2d/option.stride-w"]
    assert [cause.macs for cause in found[1:]] == sorted((cause.macs for cause in found[1:]), reverse=True)


def test_a_cause_names_all_operators_that_a_rule_refuses_and_their_macs() -> None:
    refused = [node for node in MODEL.audits[2].operators if node.op == "CONV_2D" and not node.supported]
    cause = next(cause for cause in causes.causes(MODEL) if cause.rules[0] == "dsp/conv-2d/option.stride-w")
    assert cause.operators == tuple(refused)
    assert cause.macs == sum(node.macs or 0 for node in refused)
    assert cause.audits == (2,)


def test_a_cause_that_makes_others_lose_costs_what_they_lose() -> None:
    """One cheap operator in the middle of a delegate with room for one partition."""
    packs = Packs()
    audits = Auditor(packs, configure(packs, ["gpu"])).audit(read_bytes(chain("RELU", "CEIL", "EXP"), "m"))
    model = convert.model(audits)
    (cause,) = causes.direct(causes.causes(model))
    assert cause.cost == (0, 2)
    assert phrases.consequence(cause, model) == "once accepted, 3 operators are delegated, not 1"
    (change,) = changes.changes([cause], model)
    assert changes.unblocks(change, model, ["GPU"]) == "+2 operators on GPU"


def test_the_rule_that_is_named_is_that_of_what_is_said() -> None:
    packs = Packs()
    audit = Auditor(packs, configure(packs, ["coreml"])).audit(load(find_one(SAMPLE)))
    found = causes.causes(convert.model(audit))
    cause = next(cause for cause in causes.direct(found) if len(cause.rules) > 1)
    assert cause.message.startswith("operator version 3")
    assert phrases.rule(cause).startswith("coreml/conv-2d/version and ")


def test_what_fails_to_build_comes_first_and_is_told_beside_the_verdict(tmp_path: Path) -> None:
    """The verdict is that of the selection, but nothing stays on the delegate."""
    packs = Packs([saved(tmp_path, tiny())])
    found = Auditor(packs, configure(packs, ["tiny"])).audit(read_bytes(chain("RELU", "COS", "NEG"), "m"))
    model = convert.model(found)
    (audit,) = model.audits
    assert audit.summary.build_failures == 1
    assert phrases.held_back(audit) == "1 operator fails to build, selected: 2 of 3"
    (first,) = causes.breaking(causes.causes(model))
    assert phrases.headline(first, model) == (
        "#1 COS: the tiny delegate builds no COS; the app gets an error, or everything runs on the CPU"
    )
    assert phrases.told(audit) == [
        "The app gets an error, or everything runs on the CPU: #1 COS: the tiny delegate builds no COS."
    ]
    assert causes.remarks(causes.causes(model)) == []


def test_the_parts_of_what_is_held_back_are_all_of_it() -> None:
    packs = Packs()
    auditor = Auditor(packs, configure(packs, ["gpu", "nnapi", "hexagon", "coreml", "litert-gpu"]))
    for case in cases.models(every=40):
        model = convert.model(auditor.audit(case))
        for audit in (audit for audit in model.audits if audit.decided is None):
            words = phrases.held_back(audit).split(", ")
            numbers = [int(one.split()[0]) for one in words if one]
            assert audit.summary.selected.delegated + sum(numbers) == audit.summary.operators, (
                case.path,
                words,
            )


def test_a_cause_that_costs_others_more_comes_first() -> None:
    audit = MODEL.audits[2]
    refused = next(node for node in audit.operators if node.findings and not node.macs)
    place = Place(subgraph=refused.subgraph, operator=refused.index)
    everything = replace(
        audit, gains=(Gain(operators=(place,), delegated=64, delegated_macs=audit.summary.macs),)
    )
    model = replace(MODEL, audits=(everything,))
    foremost = causes.direct(causes.causes(model))[0]
    assert foremost.operators == (refused,)
    assert phrases.consequence(foremost, model) == "once accepted, 100 % of MACs are delegated, not 31 %"


def test_what_the_runtime_refuses_is_told_once_for_all_delegates() -> None:
    packs = Packs()
    specs = configure(packs, ["qualcomm-htp", "gpu"])
    audits = Auditor(packs, specs).audit(read_bytes(chain("RELU", "unheard-of"), "m"))
    found = causes.causes(convert.model(audits))
    rule = "runtime/unheard-of/unlisted-custom"
    assert [cause.audits for cause in causes.breaking(found) if cause.rules == (rule,)] == [(0, 1)]


def test_losses_to_limits_are_consequences_not_causes() -> None:
    found = causes.causes(MODEL)
    assert rules(causes.knock_on(found)) == ["dsp/graph/max-partitions"]
    assert "dsp/graph/max-partitions" not in rules(causes.direct(found))
    lost = [node for node in MODEL.audits[2].operators if node.supported and not node.delegated]
    assert causes.knock_on(found)[0].operators == tuple(lost)


def test_losses_that_no_blocker_speaks_of_are_told_all_the_same() -> None:
    audit = replace(MODEL.audits[2], blockers=())
    (loss,) = causes.knock_on(causes.causes(replace(MODEL, audits=(audit,))))
    assert (loss.kind, len(loss.operators), loss.rules) == ("limit", 39, ())


def test_a_blocker_holds_later_subgraphs_too() -> None:
    audit = MODEL.audits[4]
    moved = tuple(replace(node, subgraph=1) if node.index > 31 else node for node in audit.operators)
    (cause,) = causes.causes(replace(MODEL, audits=(replace(audit, operators=moved),)))
    assert len(cause.operators) == 64


def test_one_rule_of_several_kinds_of_operators_with_one_fix_is_one_cause() -> None:
    def judge(node: Operator) -> tuple[bool, list[Finding]]:
        return False, [replace(sample.NOT_FLOAT, rule=f"ane/{node.op.lower()}/float")]

    audit = sample.audit("ane", "Core ML", sample.operators(8), judge)
    (cause,) = causes.causes(replace(MODEL, audits=(audit,)))
    assert len(cause.operators) == 8
    assert phrases.rule(cause) == "ane/conv_2d/float and 4 alike"


def test_hazards_block_nothing() -> None:
    found = causes.causes(MODEL)
    assert rules(causes.remarks(found)) == ["gpu/resize-bilinear/half-pixel"]
    assert "gpu/resize-bilinear/half-pixel" not in rules(causes.direct(found))


def test_the_same_cause_under_two_configurations_of_a_delegate_is_one() -> None:
    nodes = sample.operators()
    audits = tuple(
        sample.audit(
            "ane", "Core ML", nodes, lambda node: (False, (sample.NOT_FLOAT,)), parameters={"version": v}
        )
        for v in (2, 3)
    )
    found = causes.causes(replace(MODEL, audits=audits))
    assert [cause.audits for cause in found] == [(0, 1)]


def test_different_ways_of_failing_one_rule_are_cases_of_one_cause() -> None:
    wider = replace(sample.TOO_LARGE, message="stride_w is 8, expected <= 3", actual="8")
    audit = sample.audit(
        "dsp", "Hexagon", sample.operators(8),
        lambda node: (False, (wider if node.index < 3 else sample.TOO_LARGE,)),
    )  # fmt: skip
    (cause,) = causes.causes(replace(MODEL, audits=(audit,), operators=8))
    assert [case.actual for case in cause.cases] == ["4", "8"]
    assert phrases.headline(cause, MODEL).endswith("and 3 other operators in 1 other case")


def test_whom_a_cause_concerns() -> None:
    whom = {cause.rules[0]: phrases.whom(cause, MODEL) for cause in causes.causes(MODEL)}
    assert whom == {
        "runtime/dynamic-tensor": "#5 DEPTHWISE_CONV_2D holds back 64 operators",
        "ane/every-op/float": "every operator",
        "dsp/conv-2d/option.stride-w": "5 CONV_2D (#8 #20 #32 and 2 more)",
        "gpu/custom/unlisted": "#63 Detection_PostProcess",
        "dsp/graph/max-partitions": (
            "17 CONV_2D, 11 DEPTHWISE_CONV_2D, 10 ADD, 1 RESIZE_BILINEAR (#21 #22 #23 and 36 more)"
        ),
        "gpu/resize-bilinear/half-pixel": "#62 RESIZE_BILINEAR",
    }


def test_what_holds_a_delegate_back() -> None:
    assert [phrases.held_back(audit) for audit in MODEL.audits] == [
        "1 refused",
        "",
        "6 refused, 39 lost to the partition limit",
        "64 refused",
        "64 behind a dynamic tensor",
    ]


def test_what_blocks_the_most_models_is_told_once_for_each_fix() -> None:
    one = replace(MODEL, path="one", audits=MODEL.audits[2:3])
    found = causes.common([MODEL, one, one])
    dsp = next(each for each in found if each.rules[0].startswith("dsp/conv-2d"))
    assert (dsp.models, set(dsp.rules)) == (3, {"dsp/conv-2d/option.stride-w", "dsp/conv-2d/version"})
    assert [each.models for each in found] == sorted((each.models for each in found), reverse=True)


def test_what_brings_the_app_down_comes_first() -> None:
    assert causes.breaking(causes.causes(sample.crashing()))[0].rules == ("gpu/custom/crash",)


def test_a_delegate_is_named_once_however_many_operators_hold_the_graph() -> None:
    (loss,) = causes.breaking(causes.causes(sample.crashing()))
    assert (loss.audits, len(loss.operators)) == ((1,), 63)


def test_a_consequence_without_losses_is_not_told_again() -> None:
    model = sample.crashing()
    nodes = tuple(replace(node, supported=False, lost=None) for node in model.audits[1].operators)
    alone = replace(model, audits=(replace(model.audits[1], operators=nodes),))
    assert causes.knock_on(causes.causes(alone)) == []
