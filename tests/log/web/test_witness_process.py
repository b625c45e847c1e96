"""Real witnesses over HTTP, killed between and during requests: never two trees of one size."""

import contextlib
import signal
import threading

import pytest

from quorate.core.errors import QuorateError, UnavailableError
from quorate.core.sources import SeededRandomness
from quorate.log.checkpoint import Checkpoint
from quorate.log.cosigning import Cosigning
from quorate.log.merkle import verify_consistency
from quorate.log.note import Note
from quorate.log.verify import verify_note
from quorate.log.web.witness_client import HttpWitness
from quorate.log.witness_protocol import ForkError, StaleSizeError, UnprovenError
from quorate.log.witness_state import check_states
from tests.log.forks import Branch
from tests.log.parties import IDENTITY, create_log, leaf
from tests.log.web.witness_process import IDENTITIES, LOG_KEYS, WitnessProcess, make_state

ONE, TWO = Branch("one", shared=2), Branch("two", shared=2)


@pytest.fixture
def state(tmp_path):
    return make_state(tmp_path / "state")


def ask(witness, branch, old, new):
    return witness.add_checkpoint(old, branch.proof(old, new), branch.note(new))


def test_serve__a_log_over_http__cosigned_and_ended_by_a_signal(state, tmp_path):
    with WitnessProcess(state) as serving, create_log(tmp_path / "log", 3) as log:
        with HttpWitness(serving.url, IDENTITIES) as client:
            cosigning = Cosigning([client])
            for count in (0, 1, 300):
                log.append_many(leaf(i) for i in range(count))
                assert cosigning.collect(log, 10).given == 1
            note = log.checkpoint_note()
            assert len(verify_note(note, IDENTITY, IDENTITIES, 1).cosigners) == 2
            log.compare([client])
        code, words = serving.end(signal.SIGTERM)
        assert (code, words.splitlines()[-1]) == (0, "stopped")


def test_serve__log_known_by_option_and_prefix__served(tmp_path):
    state = make_state(tmp_path / "state")
    (state / "logs").unlink()
    options = ["--log", LOG_KEYS[0], "--prefix", "/w"]
    with WitnessProcess(state, *options) as serving:
        assert serving.url.endswith("/w")
        with HttpWitness(serving.url, IDENTITIES) as client:
            assert len(ask(client, ONE, 0, 3)) == 2


def test_serve__killed_and_started_again__remembers(state):
    with WitnessProcess(state) as serving, HttpWitness(serving.url, IDENTITIES) as client:
        ask(client, ONE, 0, 3)
        serving.end(signal.SIGKILL)
        with pytest.raises(UnavailableError):
            ask(client, ONE, 3, 5)
    with WitnessProcess(state) as serving, HttpWitness(serving.url, IDENTITIES) as client:
        with pytest.raises(ForkError):
            ask(client, TWO, 3, 3)
        with pytest.raises(UnprovenError):
            ask(client, TWO, 3, 5)
        with pytest.raises(StaleSizeError):
            ask(client, TWO, 0, 5)
        ask(client, ONE, 3, 5)
        serving.end(signal.SIGKILL)
    with WitnessProcess(state) as serving, HttpWitness(serving.url, IDENTITIES) as client:
        assert client.size_seen(ONE.note(9)) == 5


class Climber:
    """One branch of a fork, shown to a witness as far as it goes."""

    def __init__(self, branch: Branch) -> None:
        self._branch = branch
        self.signed: list[Checkpoint] = []

    def climb(self, url: str) -> None:
        """Until the witness is gone, or will never sign this branch."""
        with HttpWitness(url, IDENTITIES, seconds=5) as witness:
            old = 0
            while old < 60:
                new = old + 1
                try:
                    ask(witness, self._branch, old, new)
                    self.signed.append(Checkpoint.parse(Note.parse(self._branch.note(new)).text))
                    old = new
                except StaleSizeError as error:
                    if isinstance(error, ForkError):
                        return
                    old = error.size
                except QuorateError:
                    return

    def verify_all(self, last: Checkpoint) -> None:
        """Everything signed is a prefix of ``last``."""
        for each in self.signed:
            proof = self._branch.proof(each.size, last.size)
            verify_consistency(each.size, each.root, last.size, last.root, proof)


@pytest.mark.slow
def test_serve__killed_during_requests_of_two_branches__signs_one(state):
    chance = SeededRandomness("kills")
    one, two = Climber(ONE), Climber(TWO)
    for life in range(12):
        with WitnessProcess(state) as serving:
            threads = [
                threading.Thread(target=each.climb, args=(serving.url,))
                for each in (one, two, one, two)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:  # in its last life it may go on to the end
                thread.join(timeout=60 if life == 11 else chance.bytes(1)[0] / 4000)
            serving.end(signal.SIGKILL)
            for thread in threads:
                thread.join()
        assert check_states(state / "seen") <= 1  # and what is there can be read
    # The first two leaves are shared: up to there both branches show the same tree.
    parted = [[c for c in each.signed if c.size > 2] for each in (one, two)]
    assert sum(map(bool, parted)) == 1, "two branches were cosigned, or none was"
    winner = one if parted[0] else two
    winner.verify_all(max(winner.signed, key=lambda c: c.size))
    sizes: dict[int, bytes] = {}
    for each in (*one.signed, *two.signed):
        assert sizes.setdefault(each.size, each.root) == each.root


@pytest.mark.slow
def test_serve__two_processes_on_one_state__signs_one_branch(state):
    one, two = Climber(ONE), Climber(TWO)
    with contextlib.ExitStack() as stack:
        urls = [stack.enter_context(WitnessProcess(state)).url for _ in range(2)]
        for _ in range(5):  # a climber gives up when the other process holds the state
            threads = [
                threading.Thread(target=each.climb, args=(url,))
                for each, url in ((one, urls[0]), (two, urls[1]))
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
    parted = [[c for c in each.signed if c.size > 2] for each in (one, two)]
    assert sum(map(bool, parted)) == 1
