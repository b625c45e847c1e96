"""What the tests of the steps share: how a refusal is read."""

from collections.abc import Callable

from quorate.audit.findings import AuditReport
from quorate.core.hashing import Digest
from tests.audit.conftest import Plot

Plotted = Callable[[Plot], AuditReport]
Verdict = Callable[[bytes], AuditReport]
OTHER = str(Digest.of(b"other"))


def failure(report: AuditReport) -> tuple[int, str]:
    """Number of the failing step and the place that it names."""
    assert report.exit_code == 1
    assert report.failure is not None
    assert len(report.checks) == report.failure.number - 1
    return report.failure.number, report.failure.place
