"""The command line as such: help, misuse, exit codes, interrupted and unread output."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import typer

from quorate import __version__
from quorate.cli import application, commands
from quorate.cli.application import app
from quorate.core import errors

COMMANDS = (
    ("demo",),
    ("train",),
    ("audit",),
    ("verify",),
    ("status",),
    ("doctor",),
    ("log",),
    ("log", "show"),
    ("log", "create"),
    ("log", "append"),
    ("log", "serve"),
    ("log", "tail"),
    ("log", "monitor"),
    ("log", "fsck"),
    ("stamp",),
    ("trust",),
    ("trust", "add-authority"),
    ("witness",),
    ("witness", "create"),
    ("witness", "serve"),
    ("witness", "status"),
)


def program(*arguments: object, **options: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "quorate", *map(str, arguments)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, **options)  # type: ignore


def _let_interrupt() -> None:
    """A shell starts what runs in the background with the interrupt ignored; children inherit."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_version__is_the_package_s(call):
    ending = call("--version")
    assert (ending.code, ending.out, ending.err) == (0, f"quorate {__version__}\n", "")


def test_help__of_the_whole__lists_every_command(call):
    ending = call("--help")
    assert ending.code == 0
    assert {words[0] for words in COMMANDS} <= set(ending.out.split())
    known = typer.main.get_command(app)
    assert {words[0] for words in COMMANDS} == set(known.commands)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_help__of_each_command__says_what_it_does(call, command):
    ending = call(*command, "--help")
    assert ending.code == 0 and ending.err == ""
    assert ending.out.startswith(f"Usage: quorate {' '.join(command)} ")
    assert "--help" in ending.out


@pytest.mark.parametrize(
    "arguments",
    [
        ("nope",),
        ("demo", "--nope"),
        ("demo", "--seed", "x"),
        ("demo", "--seed", "-1"),
        ("demo", "--cheat", "hospital-z"),
        ("demo", "--attack", "bribery"),
        ("demo", "surplus"),
        ("train",),
        ("audit",),
        ("verify",),
        ("log", "nope"),
        ("log", "show", "x", "--last", "0"),
    ],
    ids=" ".join,
)
def test_misuse__exits_64_with_one_line(call, arguments, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ending = call(*arguments)
    assert ending.code == 64
    assert ending.out == ""
    assert ending.err.startswith("quorate: ") and ending.err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("arguments", [(), ("log",)], ids=["nothing", "log"])
def test_no_command__shows_help_on_stderr_and_exits_64(call, arguments):
    ending = call(*arguments)
    assert (ending.code, ending.out) == (64, "")
    assert ending.err.startswith("Usage: quorate")


def test_status__without_a_home__exits_64(call, monkeypatch):
    monkeypatch.delenv("QUORATE_HOME", raising=False)
    ending = call("status")
    assert ending.code == 64
    assert "QUORATE_HOME" in ending.err


CODES = {
    errors.VerificationError: 1,
    errors.UndecidedError: 2,
    errors.UsageError: 64,
    errors.InputError: 65,
    errors.DamagedError: 65,
    errors.KeyFileError: 65,
    errors.TaskError: 65,
    errors.UnavailableError: 69,
    errors.LockedError: 69,
    errors.MissingPartError: 69,
    errors.InternalError: 70,
    errors.CancelledError: 130,
    KeyboardInterrupt: 130,
    BrokenPipeError: 69,
    PermissionError: 69,
    ZeroDivisionError: 70,
}


@pytest.mark.parametrize("kind", CODES, ids=lambda kind: kind.__name__)
def test_exit_code__of_every_failure__is_the_one_in_the_table(call, kind, monkeypatch):
    def fail(**_: object) -> int:
        raise kind("for a reason")

    assert commands.__all__  # registered before what they register with is replaced
    monkeypatch.setattr(application, "app", fail)
    ending = call("status")
    assert ending.code == CODES[kind]
    assert "Traceback" not in ending.err
    assert ending.out == ""


def test_python_m_quorate__works() -> None:
    process = program("--help")
    out, err = process.communicate()
    assert (process.returncode, err) == (0, "")
    assert out.startswith("Usage: quorate ")


@pytest.mark.parametrize("arguments", [("doctor",), ("doctor", "--json")], ids=" ".join)
def test_stdout__closed_before_anything_is_written__no_traceback(arguments) -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-m", "quorate", *arguments],
        stdout=write,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (69, "")


INTERRUPTED_AT_AN_IMPORT = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)

class Interrupter:
    def find_spec(self, name, path=None, target=None):
        if name == sys.argv[1]:
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupter())
from quorate.cli import main
main(["doctor"])
"""
INTERRUPTED = "quorate: interrupted; what was durable stays, and the same command continues\n"


@pytest.mark.parametrize(
    "module", ["quorate.cli.application", "typer", "numpy", "pyrevm", "quorate.cli.train"]
)
def test_interrupt__while_the_program_is_loaded__one_line_and_130(module) -> None:
    command = [sys.executable, "-c", INTERRUPTED_AT_AN_IMPORT, module]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", INTERRUPTED)


def test_interrupt__ignored_from_the_start__stays_ignored() -> None:
    statements = INTERRUPTED_AT_AN_IMPORT.replace("default_int_handler", "SIG_IGN")
    command = [sys.executable, "-c", statements, "typer"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.slow
def test_interrupt__while_a_task_runs__exits_130_and_the_same_command_continues(task) -> None:
    home = task.parent.parent / "home"
    arguments = ("train", task, "--home", home, "--json")
    process = program(*arguments, start_new_session=True, preexec_fn=_let_interrupt)
    deadline = time.monotonic() + 60
    while not (home / "chain" / "chain.sqlite").exists():
        assert process.poll() is None and time.monotonic() < deadline, process.communicate()
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGINT)
    _, err = process.communicate()
    assert process.returncode == 130
    assert err == INTERRUPTED
    assert not (home / "evidence.zip").exists()
    again = program(*arguments)
    out, err = again.communicate()
    assert again.returncode == 0, err
    assert '"passed": true' in out


def test_folder_that_cannot_be_written__is_no_bug_of_ours(call) -> None:
    ending = call("demo", "--home", Path("/proc/quorate/home"), "--json")
    assert ending.code == 69
    assert ending.err.startswith("quorate: could not ")
