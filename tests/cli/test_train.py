"""What ``quorate train`` tells in words beside what it tells as JSON."""

import pytest

from tests.cli.conftest import CAST


def table(out: str, title: str) -> dict[str, list[str]]:
    """The rows of the printed table with that title, by their first cell."""
    lines = iter(out.splitlines())
    assert any(line.startswith(title) for line in lines)
    rows: dict[str, list[str]] = {}
    for line in lines:
        if line.startswith("└"):
            break
        if line.startswith("│"):
            first, *others = (cell.strip() for cell in line.strip("│").split("│"))
            rows[first] = others
    return rows


def test_train__in_words__tells_rows_left_out_and_who_was_paid(call, task):
    path = task.parent / "north.csv"
    path.write_text(path.read_text() + "1,?,3,1\n")
    ending = call("train", task, "--home", task.parent.parent / "home")
    assert ending.code == 0, ending
    rows = table(ending.out, "rows (incomplete: left out)")
    for name, incomplete in zip(CAST.parties, ("1", "0"), strict=True):
        held = (task.parent / f"{name}.csv").read_text().splitlines()
        assert rows[name][2] == incomplete
        assert sum(map(int, rows[name])) == len(held)
    money = table(ending.out, "who was paid, who paid")
    assert set(money) >= {*CAST.parties, *CAST.validators}
    assert all(float(money[name][1]) > 0 for name in CAST.validators)


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_train__nothing_on_stderr(call, task, options):
    ending = call("train", task, "--home", task.parent.parent / "home", *options)
    assert (ending.code, ending.err) == (0, "")
