"""What strangers wrote is shown as they wrote it: no markup, no control of the terminal."""

import io
import json
import zipfile
from pathlib import Path

import pytest
from rich.table import Table

from quorate.cli import output
from quorate.cli.machinery import round_lines
from quorate.cli.output import joined, plain, print_json, progress_bar, say, styled, tell
from quorate.node.flows.progress import RoundResult
from tests.cli.calls import refused

MARKUP = "[/x]", "[bold green]verified", "[link=https://example.org]here[/link]", ":warning:"
CONTROLS = "\x1b[2J\x1b]0;title\x07", "\x9b31m", "a\rb", "a\nb", "\u202egpj.exe", "\udcff", "\x7f"


def zip_of(path: Path, name: str) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(name, b"x")
    return path


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """Both consoles as terminals with colours, on one screen."""
    stream = io.StringIO()
    for console in (output.words, output.data):
        monkeypatch.setattr(console, "_file", stream)
        monkeypatch.setattr(console, "_force_terminal", True)
    return stream


@pytest.mark.parametrize("text", MARKUP)
def test_text__with_markup__is_shown_as_it_is(text, capsys):
    for speak in (say, tell):
        speak(text)
        speak(text, styled(text, "red"))
    shown = capsys.readouterr()
    assert shown.out == shown.err == f"{text}\n{text}{text}\n"


@pytest.mark.parametrize("text", CONTROLS)
def test_text__with_control_characters__reaches_no_terminal(text, screen):
    table = Table(title=text, box=None)
    table.add_column(text)
    table.add_row(text)
    table.add_row(styled(text, "red"))
    for show in (
        lambda: say(text),
        lambda: tell(styled(text, "red")),
        lambda: output.data.print(text),
    ):
        screen.truncate(0)
        show()
        assert plain(text) in screen.getvalue()
        assert screen.getvalue().count("\n") == 1
    output.data.print(table)
    with progress_bar() as bar:
        bar.add_task(text)
    bad = set(text) - set("\x1b\n") - {char for char in text if char.isprintable()}
    assert not bad & set(screen.getvalue())
    assert "\x1b]0" not in screen.getvalue() and "\x1b[2J" not in screen.getvalue()


def test_plain__letters_of_every_language__stay():
    for text in ("naïve Zürich", "病院", "· 1.5 %", "🏥"):
        assert plain(text) == text
    assert plain("a\tb\\\U000e0001") == "a\\x09b\\\\U000e0001"


@pytest.mark.parametrize("text", [*MARKUP, *CONTROLS, "naïve"])
def test_json__of_anything__the_same_value_without_control_characters(text, capsys):
    print_json({text: [text]})
    shown = capsys.readouterr().out
    assert json.loads(shown) == {text: [text]}
    assert all(char.isprintable() or char == "\n" for char in shown)


def test_round__of_parties_with_odd_names__one_line_each():
    result = RoundResult(
        1, 2, True, False, medians={"[/x]": 1}, slashed={"a\nb": 5}, suspended=("[red]",)
    )
    lines = [line.plain for line in round_lines(result)]
    assert len(lines) == 3 and all("\n" not in line for line in lines)
    assert "[/x] +0.000" in lines[0] and "[red] voted" in lines[2]
    assert joined(*round_lines(result)).plain == "".join(lines)


@pytest.mark.parametrize("name", ["[/x]", "[bold green]verified", "\x1b[2Jx"])
@pytest.mark.parametrize("command", ["audit", "verify"])
def test_bundle__with_a_member_of_an_odd_name__refused_by_its_name(call, tmp_path, name, command):
    ending = call(command, zip_of(tmp_path / "evidence.zip", name))
    assert ending.code == 1, ending
    assert "\x1b" not in ending.out + ending.err
    shown = name.replace("\x1b", "\\x1b")
    assert shown in ending.out + ending.err


@pytest.mark.parametrize("name", ["q[/x]", "[bold]", "q\x1b[2J"])
def test_home__of_an_odd_name__looked_at_and_examined(call, finished, name):
    (finished.parent / name).parent.mkdir(exist_ok=True)
    home = finished.rename(finished.parent / name)
    for command in ("status", "doctor"):
        ending = call(command, "--home", home)
        assert ending.code == 0, ending
        assert "\x1b" not in ending.out
    assert plain(name) in call("status", "--home", home).out
    assert json.loads(call("status", "--home", home, "--json").out)["home"] == str(home)
    (home / "run.json").write_bytes(b"{")
    ending = call("doctor", "--home", home)
    assert ending.code == 65 and plain(name) in ending.out
    refused(call("status", "--home", home), 65, plain(name))


@pytest.mark.parametrize("name", ["q[/x]"])
def test_task__with_a_reference_and_a_home_of_an_odd_name__runs(call, task, name):
    task.write_text(task.read_text() + '[[reference]]\nname = "[/x]"\naverage = 0.5\n')
    home = task.parent.parent / name
    ending = call("train", task, "--home", home)
    assert ending.code == 0, ending
    assert "[/x]" in ending.out and name in ending.out
