"""One small finished federation per worker, and what an auditor holds of it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from quorate.audit.auditor import audit
from quorate.audit.findings import AuditReport
from quorate.core.keyring import Keyring
from quorate.core.sealing import SealingKey
from tests.scenarios.small import run_small
from tests.simulators.conspiracy import Conspiracy
from tests.simulators.forger import Evidence

Plot = Callable[[Conspiracy], None]


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of two rounds with one recorded decision."""
    folder = tmp_path_factory.mktemp("audited") / "home"
    run_small(folder, seed="audited")
    return folder


@pytest.fixture(scope="session")
def evidence(home: Path) -> Evidence:
    return Evidence.of(home)


@pytest.fixture(scope="session")
def opener(home: Path) -> SealingKey:
    return Keyring.load(home / "auditor" / "auditor.key").sealing


@pytest.fixture(scope="session")
def true_bundle(home: Path) -> bytes:
    return (home / "evidence.zip").read_bytes()


@pytest.fixture(scope="session")
def verdict(evidence: Evidence, opener: SealingKey) -> Callable[[bytes], AuditReport]:
    """The auditor's verdict on other bytes, with the trust file and the opening key."""
    return lambda data: audit(data, evidence.roots, opener)


@pytest.fixture(scope="session")
def plotted(
    evidence: Evidence, verdict: Callable[[bytes], AuditReport]
) -> Callable[[Plot], AuditReport]:
    """The verdict on what a conspiracy of all parties made of the evidence."""

    def run(plot: Plot) -> AuditReport:
        conspiracy = Conspiracy(evidence)
        plot(conspiracy)
        return verdict(conspiracy.bundle())

    return run
