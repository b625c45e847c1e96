"""The closing list of every run: what was skipped, and how to get it.

A skip whose reason names a path under ``../shared`` that is indeed absent is listed apart, as "not
present here": that data is published by others and is no part of a clone. Every other skip fails
the run when ``QUORATE_REQUIRE_ALL=1`` (continuous integration): nothing is left out unseen.
"""

import os
import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# A busy machine is no failure: times are measured in benchmarks/, never tested.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")

ROOT = Path(__file__).parents[1]
_SHARED = re.compile(r"\bshared(?:/[\w.-]+)+")


def skip_reasons(config: pytest.Config) -> tuple[Counter[str], Counter[str]]:
    """Reasons, each with its number of tests: parts that can be had, and data not present here."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    missing: Counter[str] = Counter()
    absent: Counter[str] = Counter()
    for report in reporter.stats.get("skipped", []) if reporter else []:
        words = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        reason = words.removeprefix("Skipped: ")
        (absent if _is_about_absent_data(reason) else missing)[reason] += 1
    return missing, absent


def _is_about_absent_data(reason: str) -> bool:
    named = _SHARED.search(reason)
    return named is not None and not (ROOT.parent / named.group().rstrip(".")).exists()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fails a run that skipped something where everything is demanded."""
    demanded = os.environ.get("QUORATE_REQUIRE_ALL") == "1"
    if demanded and skip_reasons(session.config)[0] and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Prints the closing list."""
    missing, absent = skip_reasons(config)
    for reason, count in sorted(missing.items()):
        terminalreporter.write_line(f"skipped, {count} tests: {reason}", yellow=True)
    for reason, count in sorted(absent.items()):
        terminalreporter.write_line(f"not present here, {count} tests: {reason}")
    if not missing:
        terminalreporter.write_line(f"nothing {'else ' if absent else ''}was skipped")
    elif os.environ.get("QUORATE_REQUIRE_ALL") == "1":
        terminalreporter.write_line("QUORATE_REQUIRE_ALL=1: skipping is failing", red=True)
