"""The two tiers of tests, and how they are shared out among workers.

Those listed here are `slow`, and `python -m tests --fast` leaves them out: they start processes, run models
or a browser, or go through thousands of cases. Measure with `--durations=0`: what takes a second or more
stands here, alone or with its file.
"""

from __future__ import annotations

from pathlib import Path

import pytest

TESTS = Path(__file__).parent

#: Files, and single tests in files that are quick otherwise.
SLOW = (
    "auditing/test_consistency.py",
    "auditing/test_what_if.py::test_accepting_them_brings_full_delegation",
    "cli/test_audit_command.py::test_an_operator_of_very_many_operands",
    "cli/test_audit_command.py::test_numbers_beyond_64_bits",
    "cli/test_audit_command.py::test_several_processes_answer_the_same",
    "cli/test_audit_command.py::test_the_same_input_gives_the_same_bytes",
    "cli/test_audit_inputs.py::test_names_that_are_no_text",
    "cli/test_audit_inputs.py::test_unreadable_models_do_not_keep_others_from_being_audited",
    "cli/test_audit_outputs.py::test_stdout_is_the_same_bytes_in_a_process_of_its_own",
    "cli/test_audit_outputs.py::test_what_stdout_gets_is_utf_8_whatever_the_locale",
    "cli/test_completion.py",
    "cli/test_device_option.py::test_a_device_s_delegates_are_asked_after_those_that_are_named",
    "cli/test_device_option.py::test_the_catalogue_as_json_holds_to_its_schema",
    "cli/test_devices_command.py",
    "cli/test_evaluate_command.py",
    "cli/test_explain_command.py",
    "cli/test_fix_command.py",
    "cli/test_large_models.py",
    "cli/test_packs_once.py",
    "cli/test_program.py",
    "cli/test_recommend_command.py",
    "cli/test_recommendation_on_top.py",
    "cli/test_rule_files_command.py::test_every_shipped_pack_fits_the_schema",
    "cli/test_rules_command.py::test_shipped_files_are_right",
    "cli/test_rules_command.py::test_show_tells_a_whole_pack_in_eighty_columns",
    "cli/test_rules_coverage_command.py",
    "cli/test_run_command.py",
    "cli/test_schema_command.py",
    "cli/test_streaming.py::test_a_line_a_model_in_order",
    "cli/test_surroundings.py",
    "conformance/test_add.py",
    "conformance/test_conformance.py",
    "conformance/test_hazards.py",
    "conformance/test_levels.py",
    "conformance/test_outcomes.py::test_nothing_that_was_right_is_wrong_now",
    "conformance/test_outcomes.py::test_the_page_of_figures_is_what_the_command_writes",
    "conformance/test_runtime_query.py",
    "conformance/test_unexercised.py",
    "conformance/test_unjudged.py",
    "docs/test_examples.py",
    "docs/test_operator_pages.py",
    "docs/test_quotes.py::test_the_python_it_shows_runs",
    "evaluation/test_evaluator.py",
    "examples/test_digits.py",
    "execution/test_adb.py",
    "execution/test_bisect.py",
    "execution/test_engines.py",
    "execution/test_external.py",
    "execution/test_qualcomm.py",
    "execution/test_runner.py",
    "execution/test_tolerance.py",
    "execution/test_vulkan.py",
    "execution/test_worker.py",
    "expressions/test_limits.py::test_loops_within_loops_have_a_budget",
    "expressions/test_limits.py::test_the_budget_is_each_evaluation_s_own",
    "fleet/test_cluster.py",
    "fleet/test_journaled_audit.py",
    "fleet/test_renewing.py",
    "fleet/test_survey.py::test_formats",
    "fleet/test_survey.py::test_what_changed",
    "fleet/test_workers.py",
    "fuzz/test_fuzz.py",
    "interpreter/test_agrees_with_runtime.py",
    "interpreter/test_control_flow.py::test_calls_that_nobody_waits_for",
    "model/test_upstream.py",
    "packaging/test_supply.py",
    "packaging/test_ways_in.py",
    "promises/test_bounds.py",
    "promises/test_cached_packs.py",
    "promises/test_growth.py::test_operators_around_one_tensor",
    "promises/test_nothing_else_done.py",
    "promises/test_output_budget.py::test_findings_beyond_the_budget_are_told_by_those_that_they_are_like",
    "promises/test_output_budget.py::test_ten_megabytes_are_told_of_in_256",
    "promises/test_outputs.py",
    "promises/test_sets.py",
    "promises/test_signals.py",
    "promises/test_strangers.py",
    "recipes/test_recipes.py",
    "recommendation/test_recommend.py",
    "report/ci/test_formats.py::test_a_bill_of_materials_is_valid_and_says_where_models_run",
    "report/ci/test_formats.py::test_sarif_is_valid",
    "report/device_log/test_log_text.py::test_json_is_what_the_schema_says",
    "report/document/test_json.py::test_json_holds_to_its_schema",
    "report/document/test_json.py::test_the_schema_refuses_what_is_no_document",
    "report/html/test_html.py::test_the_page_stays_small",
    "report/rules/test_rules_coverage.py",
    "report/test_contradictions.py",
    "report/test_parity.py",
    "report/text/test_verdicts.py::test_the_default_output_does_not_load_tabulate",
    "report/wording/test_causes.py::test_the_parts_of_what_is_held_back_are_all_of_it",
    "rewriting/test_fix.py",
    "rewriting/test_split.py",
    "rules/test_cache.py",
    "rules/test_coverage.py::test_no_delegate_takes_what_it_is_said_never_to_take",
    "rules/test_fixes_fit.py",
    "rules/test_origin.py::test_packs_name_files_from_the_root_of_the_repository",
    "rules/test_properties.py::test_a_tree_is_shown_as_text_that_reads_back_as_it",
    "sweeps/test_borders.py",
    "sweeps/test_chains.py",
    "sweeps/test_mutants.py",
    "test_api.py::test_a_model_in_memory_is_run_and_fixed",
    "test_api.py::test_a_run_is_what_it_is_asked_for",
    "test_api.py::test_nothing_is_kept_between_calls",
    "test_api.py::test_threads_share_a_model",
    "test_api.py::test_what_goes_in_and_comes_out_is_in_real_units",
    "test_testing.py::test_pytest_has_it_as_a_fixture",
)
#: Fixtures that start something large.
LARGE = frozenset({"browser", "site"})
#: Slow files and folders whose tests share what takes long -> what is shared.
SHARING = {
    "browser_app": "the page",
    "conformance/test_conformance.py": "every case, judged",
    "conformance/test_unexercised.py": "every case, judged",
    "conformance/test_hazards.py": "every case, on one accelerator",
    "examples/test_digits.py": "a network, trained",
    "fleet/test_cluster.py": "a cluster",
    "interpreter/test_agrees_with_runtime.py": "every case, loaded",
    "promises/test_cached_packs.py": "a filled cache",
    "report/rules/test_rules_coverage.py": "the whole coverage",
    "report/test_contradictions.py": "many models, audited",
    "report/test_parity.py": "documents of all kinds",
    "sweeps/test_borders.py": "what cases are wanted",
    "sweeps/test_chains.py": "chains, drawn",
    "sweeps/test_mutants.py": "mutants, made",
}


def is_slow(item: pytest.Item) -> bool:
    """Whether a test, or its file, is listed, or it needs something large."""
    return _listed(*_parts(item.nodeid)) or not LARGE.isdisjoint(getattr(item, "fixturenames", ()))


def is_slow_file(path: Path) -> bool:
    """Whether all tests of a file are slow: whoever wants none of them needn't read it."""
    return path.is_relative_to(TESTS) and path.relative_to(TESTS).as_posix() in SLOW


def unit(nodeid: str) -> str:
    """What goes to one worker as a whole: tests that share something, a slow one, or a file of quick ones."""
    file, test = _parts(nodeid)
    shared = SHARING.get(file) or SHARING.get(file.partition("/")[0])
    return shared or (nodeid if _listed(file, test) else file)


def _parts(nodeid: str) -> tuple[str, str]:
    """A file below this folder, and the name of its test without parameters."""
    file, _, test = nodeid.removeprefix(f"{TESTS.name}/").partition("::")
    return file, test.partition("[")[0]


def _listed(file: str, test: str) -> bool:
    return file in SLOW or f"{file}::{test}" in SLOW
