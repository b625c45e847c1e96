"""The witnesses that a log asks before it signs anything, and whenever it has signed more."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from quorate.cli.audit import read_policy
from quorate.cli.output import tell
from quorate.core.errors import InputError, QuorateError, UnavailableError, UsageError
from quorate.log.appender import Appender
from quorate.log.checkpoint import WitnessIdentity
from quorate.log.cosigning import Collected, Cosigning
from quorate.log.note import SignatureLine
from quorate.log.policy import NONE, Policy, PolicyWitness
from quorate.log.web.witness_client import HttpWitness
from quorate.log.witnessing import DEFAULT_BUDGET, Witnessing, ask_all
from quorate.log.writer import Enough, Log

WitnessesOption = Annotated[
    Path | None, typer.Option(help="A policy file: its witnesses with an address cosign.")
]
WithoutOption = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME", help="Leave this witness out, once you know that it is wrong."),
]
UnwitnessedOption = Annotated[
    bool, typer.Option("--unwitnessed", help="Sign even if too few witnesses answer at the start.")
]


class Ending:
    """What ends a process that writes before anybody interrupts it; the first reason counts.

    As a context it raises that reason at its end, whatever else went wrong because of it.
    """

    def __init__(self) -> None:
        self._error: QuorateError | None = None
        self._then: Callable[[], None] | None = None

    def __enter__(self) -> "Ending":
        return self

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if self._error is not None and (error is None or isinstance(error, QuorateError)):
            raise self._error from None

    def because(self, error: QuorateError) -> None:
        """Ends it; callable from any thread."""
        self._error = self._error or error
        if self._then is not None:
            self._then()

    def then(self, stop: Callable[[], None]) -> None:
        """How it is ended; called at once if there is a reason already."""
        self._then = stop
        if self._error is not None:
            stop()


@dataclass(frozen=True, slots=True)
class Witnesses:
    """Whom to ask about one log, and when what they say is enough."""

    policy: Policy
    cosigning: Cosigning
    asked: tuple[HttpWitness, ...]
    without: frozenset[str]  # as the policy calls them
    unwitnessed: bool

    def compare(self, log: Log) -> None:
        """Before ``log`` signs anything: has anybody seen more of it, and did enough answer?

        Raises `RolledBackError`, and `UnavailableError` naming who did not answer.
        """
        for name in sorted(self.without):
            tell(f"without the witness {name}, as you said")
        if not self.asked:
            return
        collected = self.round(log)
        if self._suffices(collected):
            return
        silent = "; ".join(f"{each.witness}: {each.reason}" for each in collected.failures)
        if not self.unwitnessed:
            raise UnavailableError(
                "could not compare the log with what its witnesses have seen, and signed nothing: "
                f"too few answered ({silent})",
                remedy="try again when they answer, or sign anyway with --unwitnessed",
            )
        tell(f"signing unwitnessed, as you said: too few witnesses answered ({silent})")

    def round(self, log: Log) -> Collected:
        """Asks them all about the latest checkpoint and keeps their lines."""
        return ask_all(log, self.cosigning, DEFAULT_BUDGET, self._enough)

    @contextlib.contextmanager
    def beside(self, appender: Appender, ending: Ending) -> Iterator[None]:
        """Asks them again and again in a thread while the context is open."""
        if not self.asked:
            yield
            return
        with Witnessing(
            appender, self.cosigning, enough=self._enough, report=tell, stopped=ending.because
        ):
            yield

    def _suffices(self, collected: Collected) -> bool:
        if self.policy.quorum == NONE:
            return bool(collected.lines)
        lines = map(SignatureLine.parse, collected.lines)
        # Whoever leaves a witness out answers for it himself.
        return self.policy.is_satisfied_by({*self._names(tuple(lines)), *self.without})

    @property
    def _enough(self) -> Enough | None:
        return None if self.policy.quorum == NONE else self._reach_quorum

    def _reach_quorum(self, lines: Sequence[SignatureLine]) -> bool:
        return self.policy.is_satisfied_by(self._names(lines))

    def _names(self, lines: Sequence[SignatureLine]) -> set[str]:
        keys = {(line.name, line.key_id) for line in lines}
        return {w.name for w in self.policy.witnesses if (w.key.name, w.key.key_id) in keys}


@contextlib.contextmanager
def open_witnesses(
    path: Path | None, without: Sequence[str] | None, *, unwitnessed: bool
) -> Iterator[Witnesses]:
    """The witnesses of the policy file at ``path``; nobody without one."""
    policy = read_policy(path)
    if policy is None:
        if without or unwitnessed:
            raise UsageError("--without and --unwitnessed are about the witnesses of --witnesses")
        policy = Policy((), (), (), NONE)
    left_out = _left_out(policy, without or ())
    found: dict[str, list[WitnessIdentity]] = {}
    for each in policy.witnesses:
        if each.url and each.name not in left_out:
            found.setdefault(each.url, []).append(WitnessIdentity(each.key.name, each.key.key))
    if path is not None and not any(each.url for each in policy.witnesses):
        raise InputError(f"could not use {path}: no witness in it has an address")
    with contextlib.ExitStack() as closing:
        asked = tuple(
            closing.enter_context(HttpWitness(url, identities)) for url, identities in found.items()
        )
        yield Witnesses(policy, Cosigning(asked), asked, left_out, unwitnessed)


def _left_out(policy: Policy, without: Sequence[str]) -> frozenset[str]:
    """By the name of the policy, or by that on the lines, which messages use."""
    left_out: set[str] = set()
    for name in without:
        named = {each.name for each in policy.witnesses if name in _names_of(each)}
        if not named:
            raise UsageError(f"could not leave out {name}: no witness of the policy is called so")
        left_out |= named
    return frozenset(left_out)


def _names_of(witness: PolicyWitness) -> tuple[str, str]:
    return witness.name, witness.key.name
