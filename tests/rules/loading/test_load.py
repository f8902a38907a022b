"""Loading is strict: what is wrong in a rule file is told with file, line and the nearest right name."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer.errors import RuleError
from analyzer.rules.loading import file
from analyzer.rules.loading.catalogue_file import parse_catalogue
from analyzer.rules.loading.load import load
from analyzer.rules.loading.names import read_definitions
from analyzer.rules.pack import RulePack

_CATALOGUE = parse_catalogue()

_RELEASES = """
[parameters.runtime]
type = "version"
values = ["2.9", "2.10"]
default = "2.10"
meaning = "release"
"""

_HEAD = """\
delegate = "tiny"
title = "Tiny"
source = "tiny.cc"
upstream = {repository = "example/tiny", revision = "0123456"}

[unlisted]
message = "not known"
fix = "Use another."
source = "tiny.cc"

[fixes]
version = "Another version."
count = "Other operands."
dtype = "Another type."
constant = "A constant."
option = "Another option."
check = "Something else."
"""
#: A pack that says nothing for what its operators leave out.
_BARE = _HEAD.split("[unlisted]")[0]
#: Marks the line that a problem must name.
_HERE = "# <--"


def load_text(folder: Path, text: str) -> RulePack:
    path = folder / "tiny.toml"
    path.write_text(text)
    return load(path, _CATALOGUE)


def problems(folder: Path, text: str) -> list[str]:
    with pytest.raises(RuleError) as refused:
        load_text(folder, text)
    return refused.value.problems


def test_loads_what_is_right(tmp_path: Path) -> None:
    pack = load_text(tmp_path, _HEAD + "[op.ADD]\nversion = '<= 2'\ninputs = 2")
    assert (pack.delegate, list(pack.operators)) == ("tiny", ["ADD"])


@pytest.mark.parametrize(
    ("more", "words"),
    [
        # operators and their entries
        ("[op.ADDD] # <--\ninputs = 2", "there is no operator ADDD; did you mean ADD?"),
        ('[op."ADD|SUBB"] # <--\ninputs = 2', "there is no operator SUBB; did you mean SUB?"),
        ("[op.ADD]\ninput = 2 # <--", "unknown field `input`; did you mean inputs?"),
        ("[op.ADD]\noperands = {input3 = 'INT8'} # <--", "there is no operand input3; did you mean input2?"),
        ("[op.ADD]\nconstant = ['input9'] # <--", "there is no operand input9"),
        ("[op.ADD]\noperands = {input1 = 'INT9'} # <--", "INT9 is not a dtype"),
        ("[op.ADD]\noperands = {input1 = 'triples'} # <--", "nothing is called triples"),
        ("[op.ADD]\noperands = {input1 = [{dtype = 'INT8', wenn = 'true'}]} # <--", "wenn"),
        (
            "[op.ADD]\noperands = {input1 = [{dtype = 'INT8', when = 'api > 3'}]} # <--",
            "nothing is called api",
        ),
        ("[op.CONV_2D]\noptions = {strid_w = 1} # <--", "no option strid_w; did you mean stride_w?"),
        (
            "[op.CONV_2D]\noptions = {padding = 'SAMEE'} # <--",
            "SAMEE is not a name of Padding; did you mean SAME?",
        ),
        ("[op.CONV_2D]\noptions = {stride_w = 'SAME'} # <--", "compares int with str"),
        ("[op.CONV_2D]\noptions = {stride_w = {least = 1}} # <--", "can't stand here; write a check instead"),
        ("[op.CONV_2D]\nversion = '<= three' # <--", "nothing is called three"),
        (
            '[op.ADD]\nversion = 1\n[op."ADD|SUB"] # <--\nversion = 2',
            "ADD stands in [op.ADD] at line",
        ),
        ("[op.ADD]\ninputs = 2\nuse = ['helper'] # <--", "nothing shared is called helper"),
        ("[op.ADD]\ninputs = 2\nvalues = {extra = 1} # <--", "values has no extra"),
        (
            "[values]\nextra = {type = 'list[str]', default = []}\n[op.ADD]\nvalues = {extra = 'some'} # <--",
            "nothing is called some",
        ),
        (
            "[op.ADD]\ninputs = 2\norder = ['inputz'] # <--",
            "no clause here is called inputz; did you mean inputs?",
        ),
        ("[op.ADD]\ninputs = 2\nsources = {version = 'x'} # <--", "no clause here is called version"),
        (
            "[op.ADD]\ninputs = 2\nfixes = {input = 'x'} # <--",
            "no clause here is called input; did you mean inputs?",
        ),
        ("[op.ADD] # <--\nsupported = false", "needs message and fix"),
        ("[op.ADD] # <--\ninputs = 2\nsince = '2.1'\nfix = 'Do so.'", "needs message and fix"),
        ("[op.ADD]\nfix = 'Do so.'\nmessage = 'y'\nsince = '2.1' # <--", "since needs a parameter runtime"),
        (
            f"[op.ADD]\nfix = 'Do so.'\nmessage = 'y'\nsince = '2.1' # <--\n{_RELEASES}",
            "since '2.1' is not one of runtime's values; did you mean 2.10?",
        ),
        (
            "[parameters.runtime]\ntype = 'version'\nvalues = ['1']\ndefault = '2' # <--\nmeaning = 'x'",
            "default 2 is none of the values",
        ),
        ("[custom.Mine]\ninputz = 2 # <--", "unknown field `inputz`; did you mean inputs?"),
        # checks
        (
            "[[op.ADD.check]] # <--\nid = 'a'\nrequire = 'true'",
            '[[op.ADD.check]] with id = "NAME" is written [op.ADD.check.NAME] now, without id',
        ),
        ("[[every_op]] # <--\nid = 'a'\nrequire = 'true'", "is written [every_op.NAME] now, without id"),
        ("[[partition.check]] # <--\nid = 'a'", "is written [partition.check.NAME] now, without id"),
        (
            "[op.LSTM.form.a]\n[[op.LSTM.form.a.check]] # <--\nid = 'a'",
            "is written [op.LSTM.form.a.check.NAME] now, without id",
        ),
        ("[op.ADD.check.a] # <--\nmessage = 'b'", "op.ADD.check.a: missing required field `require`"),
        ("[op.ADD.check.a]\nrequire = 'inputt1.constant' # <--", "nothing is called inputt1"),
        (
            "[op.ADD.check.a]\nrequire = 'true'\nwhen = 'versio == 1' # <--",
            "nothing is called versio",
        ),
        ("[op.ADD.check.a]\nrequire = 'true'\nseverity = 'blocke' # <--", "did you mean blocker?"),
        ("[op.ADD.check.a]\nrequire = 'true'\nstage = 'operater' # <--", "did you mean operator?"),
        ("[op.ADD.check.a]\nrequire = ''\nrequires = '' # <--", "unknown field `requires`"),
        (
            "[op.ADD]\ninputs = 2\n[op.ADD.check.inputs] # <--\nrequire = 'true'",
            "already the id of op.ADD",
        ),
        (
            "[every_op.a]\nrequire = 'input.rank == 4' # <--",
            "nothing is called input; did you mean inputs?",
        ),
        ("[partition.check.a]\nrequire = 'version == 4' # <--", "nothing is called version"),
        ("[op.ADD]\naccept_when = 'inputs' # <--", "is list[tensor], expected bool"),
        # forms
        (
            "[[op.LSTM.form]] # <--\nid = 'a'\nwhen = 'true'",
            '[[op.LSTM.form]] with id = "NAME" is written [op.LSTM.form.NAME] now, without id',
        ),
        ("[op.LSTM.form.a]\nwhen = 'inputs > 1' # <--", "compares list[tensor] with int"),
        (
            "[op.LSTM.form.a] # <--\nwhen = 'true'\nnames = {in = ['x']}",
            "names: in; expected inputs",
        ),
        (
            "[op.LSTM.form.a]\nwhen = 'version == 1'\n"
            "[op.LSTM.form.a.check.x]\nrequire = 'true'\n"
            "[op.LSTM.form.b]\n"
            "[op.LSTM.form.b.check.y]\nrequire = 'colour' # <--",
            "nothing is called colour",
        ),
        # the pack
        ("[parameters]\napi = {type = 'integer', default = 1, meaning = 'x'} # <--", "did you mean int?"),
        ("[parameters]\napi = {type = 'int', meaning = 'x'} # <--", "default is missing"),
        (
            "[parameters]\napi = {type = 'int', default = 'appi + 1', meaning = 'x'} # <--",
            "nothing is called appi",
        ),
        (
            "[parameters]\napi = {type = 'int', default = 'true', meaning = 'x'} # <--",
            "is bool, expected int",
        ),
        ("[define]\n'two words' = 'true' # <--", "two words is not a name"),
        ("[define]\ntwo = 2 # <--", "expected an expression in quotes"),
        (
            "[parameters.api]\ntype = 'int'\ndefault = 1\nmean = 'x' # <--",
            "unknown field `mean`; did you mean meaning?",
        ),
        ("[graph]\nmax_partition = 1 # <--", "unknown field `max_partition`; did you mean max_partitions?"),
        ("[graph]\nmax_partitions = 'many' # <--", "nothing is called many"),
        ("[graph]\nmin_operators = true # <--", "min_operators: expected `int | str`, got `bool`"),
        (
            "[graph]\ndynamic_tensors = 'refused' # <--",
            "expected not-asked or fails-load or refuses-model or accepted",
        ),
        ("[graph]\nbuild_failure = 'keeps-others' # <--", "expected reported-only or rolls-back-model"),
        ("[graph]\nsort = 'quick' # <--", "expected libstdc++ or libc++"),
        ("[graph]\nfull_delegation_ignores_limits = 1 # <--", "limits: expected `bool`, got `int`"),
        ("[graph]\nstand_ins = ['a', 1] # <--", "stand_ins: expected `str`, got `int`"),
        ("[graph]\nkeep = 'smallest' # <--", "expected largest"),
    ],
)
def test_a_problem_is_told_with_its_line(tmp_path: Path, more: str, words: str) -> None:
    text = _HEAD + more
    line = next(number for number, line in enumerate(text.splitlines(), 1) if _HERE in line)
    found = problems(tmp_path, text)
    assert any(one.startswith(f"{tmp_path}/tiny.toml:{line}: ") and words in one for one in found), found


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("delegate = 'tiny\n", 1, "not TOML: "),
        (_HEAD + "[op.ADD\n", 18, "not TOML: "),
        (_HEAD + "x = [1,", 18, "not TOML: "),
        (_HEAD + f"x = {'9' * 5000}\n", 18, "not TOML: a number has too many digits"),
        (_HEAD + f"x = {'[' * 3000}{']' * 3000}\n", 18, "not TOML: tables or lists nested too deep"),
        (_HEAD + "[op.ADD.check.a]\nrequire = ''\n[op.ADD.check.a]", 20, "not TOML: Cannot declare"),
        ("titel = 'x'\n" + _HEAD, 1, "unknown field `titel`; did you mean title?"),
        ("extends = 'gpuu'\n" + _HEAD, 1, "there is no pack gpuu to extend; did you mean gpu?"),
        (_HEAD.replace("title", "version"), 1, "missing required field `title`"),
        (
            _HEAD.replace("upstream", "notes").replace("{repo", "'{repo").replace('6"}', "6\"}'"),
            1,
            "upstream is missing",
        ),
        (_HEAD.replace("message", "#"), 6, "needs message, fix and source"),
        (_BARE + "[op.ADD]\ninputs = 2", 7, "[unlisted] is missing; add it with message, fix and source"),
        (
            _BARE + "[op.ADD]\ninputs = 2",
            7,
            """fixes has nothing for count; write [fixes] count = "...", or fixes."inputs" = "..." here""",
        ),
        (
            _BARE + "[op.ADD.check.a]\nrequire = 'true'",
            6,
            """fix is missing; write it here, or [fixes] check = "..." for all""",
        ),
        (
            _BARE.replace("source", "notes") + "[op.ADD]\ninputs = 2",
            6,
            "source is missing; write it here, or once before all tables",
        ),
    ],
)
def test_a_problem_of_the_whole_file(tmp_path: Path, text: str, line: int, words: str) -> None:
    assert any(f"tiny.toml:{line}: " in one and words in one for one in problems(tmp_path, text))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(
        RuleError, match=r"nowhere\.toml: can't be read .No such file or directory.; name a rule file"
    ):
        load(tmp_path / "nowhere.toml", _CATALOGUE)


_SHARED = """
[define]
small = "['INT8', 'UINT8']"

[values]
read = {type = "list[dtype]", default = []}

[shared.two-ranks]
id = "rank"
require = "inputs[0].rank == 2"

[op."ADD|MUL"]
inputs = 2
use = ["two-ranks"]
values = {read = "small"}
sources = {rank = "add.cc"}
order = ["own", "rank"]

[op."ADD|MUL".check.own]
require = "true"
"""


def test_an_operators_table(tmp_path: Path) -> None:
    add = load_text(tmp_path, _HEAD + _SHARED).rules("ADD")
    (form,) = add.forms
    assert [(clause.id, clause.source) for clause in form.clauses] == [
        ("tiny/add/own", "tiny.cc"),
        ("tiny/add/rank", "add.cc"),
        ("tiny/add/inputs", "tiny.cc"),
    ]
    assert add.values == {"read": ["INT8", "UINT8"]}


def test_an_operator_of_a_group_is_extended_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file, "data", lambda name: tmp_path)
    (tmp_path / "base.toml").write_text(_HEAD + _SHARED)
    pack = load_text(tmp_path, "extends = 'base'\n" + _HEAD + "[op.MUL.check.own]\nwhen = 'false'\n")
    rules = [pack.rules(name) for name in ("ADD", "MUL")]
    whens = [clause.when is None for each in rules for clause in each.forms[0].clauses]
    assert whens == [True, True, True, False, True, True]


def test_all_problems_come_at_once(tmp_path: Path) -> None:
    text = (
        _HEAD
        + "[op.ADD]\ninputs = 'x'\nversion = 'y'\n[op.SUBB]\n"
        + "[every_op.a]\nrequire = 'no'\n[every_op.b]\n[graph]\nz = 1\n"
    )
    found = problems(tmp_path, text)
    assert [
        word
        for word in ("x", "y", "SUBB", "every_op.b: missing required field", "no", "z")
        if not any(word in one for one in found)
    ] == []
    assert len(found) == 6


def test_since_must_be_a_version(tmp_path: Path) -> None:
    runtime = "[parameters]\nruntime = {type = 'version', default = '2.1', meaning = 'x'}\n"
    check = "[op.ADD.check.a]\nrequire = 'true'\nsince = 'two'\n"
    assert (
        "tiny.toml:22: op.ADD.check.a: since 'two' is not a version like 2.1"
        in problems(tmp_path, _HEAD + runtime + check)[0]
    )


def test_definitions_that_all_packs_have(tmp_path: Path) -> None:
    rules = "[op.ADD]\noperands = {input1 = 'floats'}\n"
    common = load_text(tmp_path, _HEAD + rules).rules("ADD")
    own = load_text(tmp_path, _HEAD + "[define]\nfloats = \"['FLOAT64']\"\n" + rules).rules("ADD")
    assert ("FLOAT16" in repr(common), "FLOAT64" in repr(own)) == (True, True)


def test_problems_of_common_definitions(tmp_path: Path) -> None:
    path = tmp_path / "definitions.toml"
    path.write_text("[define]\n'two words' = 'x'\ntwo = 2\n[other]\n")
    with pytest.raises(RuleError) as refused:
        read_definitions(path)
    assert [problem.removeprefix(f"{path}:") for problem in refused.value.problems] == [
        "4: other: expected [define] and no more",
        "2: define: two words is not a name",
        "3: define: two: expected an expression in quotes",
    ]
