"""A task whose numbers or nesting no run could bear: refused by name, before anything is done."""

import pytest

from tests.cli.test_bad_input import edit, refuse_task


@pytest.mark.parametrize(
    ("section", "line", "word"),
    [
        ("stakes", "participant = 1_000_000_001", "stakes.participant"),
        ("stakes", f"lie = {2**256}", "stakes.lie"),
        ("stakes", f"fault = {'9' * 4000}", "stakes.fault"),
        ("rewards", "participants = 1_000_000_001", "rewards.participants"),
        ("rewards", "participants = 999_999_999", "rewards: all rounds pay"),
        ("deadlines", "join = 0", "deadlines.join"),
        ("deadlines", f"appeal = {366 * 24 * 3600 + 1}", "deadlines.appeal"),
        ("deadlines", f"commit = {2**255}", "deadlines.commit"),
        ("scoring", "floor = -1000.1", "scoring.floor"),
        ("scoring", "floor = -inf", "scoring.floor"),
        ("scoring", "accept_tolerance = 1e300", "scoring.accept_tolerance"),
        ("scoring", "accept_tolerance = nan", "scoring.accept_tolerance"),
        ("scoring", f"accept_tolerance = {'9' * 4000}", "scoring.accept_tolerance"),
        ("model", "learning_rate = inf", "model.learning_rate"),
        ("model", "learning_rate = 1e300", "model.learning_rate"),
        ("model", "local_steps = 1_000_000_000_000", "model.local_steps"),
        ("model", f"batch_size = {2**64}", "model.batch_size"),
        ("model", "l2 = nan", "model.l2"),
    ],
)
def test_task__value_out_of_bounds__refused_by_name(call, task, section, line, word):
    edit(task, "[aggregation]", f"[{section}]\n{line}\n[aggregation]")
    refuse_task(call, task, 65, word)


@pytest.mark.parametrize(
    ("line", "word"),
    [
        (f"x = {'[' * 50_000}", "nested too deeply"),
        (f"x = {'{a=' * 50_000}", "nested too deeply"),
        (f"x = {'9' * 5000}", "too many digits"),
        (f"{'.'.join('a' * 50_000)} = 1", "a: extra inputs"),
    ],
    ids=["arrays", "tables", "digits", "dots"],
)
def test_task__that_would_break_its_reader__refused_by_file(call, task, line, word):
    task.write_text(f"{line}\n{task.read_text()}")
    refuse_task(call, task, 65, word, "task.toml")


def test_task__largest_values__run(call, task):
    day = 24 * 3600
    sections = f"""
[stakes]
participant = {10**9}
participant_bond = {10**9}
validator = {10**9}
validator_bond = {10**9}
low_score = {10**9}
absence = {10**9}
fault = {10**9}
lie = {10**9}
[rewards]
participants = {10**9 - 1}
validators = 1
[deadlines]
join = {366 * day}
commit = {366 * day}
include = {366 * day}
vote = {366 * day}
reveal = {366 * day}
appeal = {366 * day}
[scoring]
floor = -1000.0
accept_tolerance = 1000.0
"""
    task.write_text(f"weight_cap = {10**9}\n{task.read_text()}{sections}")
    ending = call("train", task, "--home", task.parent.parent / "home", "--json")
    assert ending.code == 0, ending
