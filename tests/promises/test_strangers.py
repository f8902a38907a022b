"""Rule files, configurations and policies from strangers: a clear line, in bounded time, and nothing done."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.models import chain, save
from tests.cli.running import run, run_apart
from tests.packs import saved, tiny

DIGITS = "9" * 5000
PACK = tiny()
MANY = "range(1, 999)"


def checked(condition: str) -> str:
    """A pack with this check on NEG."""
    return PACK + f'\n[op.NEG.check.it]\nrequire = {json.dumps(condition)}\nmessage = "m"\nfix = "Fix it."\n'


def beginning(line: str) -> str:
    """A pack with one more line before its tables."""
    return line + "\n" + PACK


#: What is refused -> a part of the line that says why.
REFUSED = {
    "count": (PACK.replace('">= 1"', '"1..999999999999"'), "spans more than 1000 numbers"),
    "count of digits": (PACK.replace('">= 1"', f'"1..{DIGITS}"'), "spans more than 1000 numbers"),
    "digits": (PACK.replace('">= 1"', DIGITS), "too many digits"),
    "digits in a condition": (checked(f"{DIGITS} > 0"), "op.NEG.check.it: "),
    "loops": (checked("all(all(all(all(a > b for a in [1]) for b in [1]) for c in [1]) for d in [1])"), "3"),
    "steps": (
        checked(f"all(all(all(a > 0 for a in {MANY}) for b in {MANY}) for c in {MANY})"),
        "takes more than 5,000,000 steps",
    ),
    "power": (checked("9 ** 999999 > 0"), "not part of the rule language"),
    "long product": (checked("*".join([DIGITS[:18]] * 900) + " > 0"), "nested too deeply or too long"),
    "deep": (checked("(" * 3000 + "1" + ")" * 3000 + " > 0"), "'((((("),
    "definitions": (
        PACK.replace("[op.SIN", "[define]\n" + "".join(f'd{n} = "d{n + 1} and d{n + 1}"\n' for n in range(40))
                     + 'd40 = "version > 1"\n[op.SIN', 1).replace('require = "false"', 'require = "d0"', 1),
        "in d0",
    ),
    "lists": ("a = " + "[" * 50_000, "not TOML"),
    "dotted": ('delegate = "x"\n' + ".".join("a" * 50_000) + " = 1", "names joined by dots"),
    "format": (beginning('partial = "{operators:>999999999}"'), "a name alone"),
    "braces": (beginning('partial = "{"'), "write {NAME}"),
    "limit": (tiny(graph='max_partitions = "1 // 0"'), "division by zero"),
    "title": (PACK.replace("Tiny delegate", "Tiny\\u001b[31m"), "characters that can't be shown"),
    "name": (PACK.replace('"tiny"', '"ti\\nny"'), "characters that can't be shown"),
    "id": (PACK + '\n[op.NEG.check."a\\n<b>"]\nrequire = "false"\nmessage = "m"\nfix = "f"\n', "is no name"),
    "extends a path": (beginning('extends = "../../../../../../{folder}/base"'), "there is no pack"),
    "extends what is no pack": (beginning('extends = "common/operators"'), "there is no pack common"),
    "extends at length": (beginning(f'extends = "{"a" * 5000}"'), "there is no pack aaa"),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_a_rule_file_that_is_refused(tmp_path: Path, what: str) -> None:
    text, why = REFUSED[what]
    saved(tmp_path, PACK, "base.toml")
    pack = saved(tmp_path, text.replace("{folder}", str(tmp_path)))
    done = run("audit", save(tmp_path / "m.tflite", chain("RELU", "NEG", "SIN")), "--rules", pack)
    assert done.code == 2
    assert why in done.err
    for line in done.err.splitlines():
        assert line.startswith("delegate-analyzer: ")
        assert line.isprintable()
        assert len(line) < 1000


@pytest.mark.parametrize(
    "condition",
    [
        "all(a > 0 for a in range(1, 5, 0))",
        "1 // 0 > 0",
        "1 % 0 == 0",
        "1 / 0 > 0.5",
        "product(a for a in range(1, 1000)) < 0",
        "all(a > 0 for a in range(0, 999999999999999999))",
        "inputs[999999999999999999].rank > 0",
        "min(a for a in range(0, 0)) > 0",
    ],
)
def test_what_cannot_be_computed_is_a_finding(tmp_path: Path, condition: str) -> None:
    pack = saved(tmp_path, checked(condition))
    model = save(tmp_path / "m.tflite", chain("RELU", "NEG"))
    done = run("audit", model, "--rules", pack, "-d", "tiny", "--format", "json")
    assert done.code == 1
    (operator,) = done.json["models"][0]["audits"][0]["operators"][1:]
    assert [finding["rule"] for finding in operator["findings"]] == ["tiny/neg/it"]


@pytest.mark.parametrize(
    "words",
    [
        ("--fail-on", "1 // 0 > 0"),
        ("--fail-on", f"operators > {DIGITS}"),
        ("--fail-on", "(" * 3000 + "operators" + ")" * 3000 + " > 1"),
        ("--fail-on", f"all(all(all(a > 0 for a in {MANY}) for b in {MANY}) for c in {MANY})"),
        ("-d", f"nnapi:api={DIGITS}"),
        ("-d", "gpu\n\x1b[31m"),
        ("--shape", f"x={DIGITS}"),
    ],
)  # fmt: skip
def test_words_that_make_no_sense(words: tuple[str, ...]) -> None:
    done = run("audit", "sample:", *words)
    assert done.code in (1, 2)
    assert all(line.isprintable() and len(line) < 5000 for line in done.err.splitlines())


@pytest.mark.parametrize(
    "text",
    [
        "delegates = [" * 5000,
        f"fail-on = [{DIGITS}]",
        ".".join("a" * 50_000) + " = 1",
        'fail-on = ["1 // 0 > 0"]\nplatform = "\\u001b[31m"',
        'rules = ["/dev/zero"]',
        'baseline = "/dev/zero"',
        'extends = "/etc/passwd"',
        f'delegates = ["gpu:{"a" * 9999}=1"]',
    ],
)
@pytest.mark.parametrize("command", [("audit", "sample:"), ("config",)])
def test_a_configuration(tmp_path: Path, text: str, command: tuple[str, ...]) -> None:
    done = run(*command, "--config", saved(tmp_path, text, "delegate-analyzer.toml"))
    assert done.code in (0, 2)
    assert all(line.isprintable() for line in (done.err + done.text).splitlines())


def test_a_rule_file_without_end(tmp_path: Path) -> None:
    pack = tmp_path / "large.toml"
    with pack.open("wb") as file:
        file.truncate(1 << 30)
    for words in (("audit", "sample:", "--rules", pack), ("rules", "check", pack)):
        done = run(*words)
        assert done.code == 2
        assert "is larger than 16 MB" in done.err


def test_escapes_of_problems_are_written_out(tmp_path: Path) -> None:
    """On a terminal, which click would else hand them to."""
    pack = saved(tmp_path, PACK + '\n[op.NEG.check.it]\nrequire = "\\u009b[31m"\n')
    done = run_apart("rules", "check", pack, environment={"FORCE_COLOR": "1"})
    assert done.code == 2
    assert all(line.isprintable() for line in done.err.splitlines())
