"""How every benchmark reports: one table, or with ``--json`` one object.

A metric is a value with its unit; ``reach`` is what we want and ``ok`` whether it was reached.
Peers and limits are metrics of the same run.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Metric:
    """One measured number; ``most`` turns ``reach`` from a least into a most."""

    value: float
    unit: str
    reach: float | None = None
    most: bool = False
    names: tuple[str, ...] = ()
    """What is counted, where a reader must see it one by one."""

    @property
    def ok(self) -> bool:
        """Whether the reach was met; a metric without one is always in order."""
        if self.reach is None:
            return True
        return self.value <= self.reach if self.most else self.value >= self.reach

    def to_value(self) -> dict[str, object]:
        """The JSON object."""
        shown: dict[str, object] = {"value": round(self.value, 4), "unit": self.unit}
        shown |= {"names": list(self.names)} if self.names else {}
        return shown | ({} if self.reach is None else {"reach": self.reach}) | {"ok": self.ok}


def arguments(about: str, **numbers: str) -> argparse.Namespace:
    """The options that every benchmark has: ``quick`` and ``json``; ``numbers`` are its own."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--quick", action="store_true", help="end within 45 s on 2 cores")
    parser.add_argument("--json", action="store_true", help="one object on standard output")
    for name, help_text in numbers.items():
        parser.add_argument(f"--{name}", type=int, default=None, help=help_text)
    return parser.parse_args()


def report(metrics: dict[str, Metric], packages: Sequence[str], *, as_json: bool) -> int:
    """Prints the metrics with machine, versions and commit; 0 when every reach was met."""
    if as_json:
        found = {
            "metrics": {name: metric.to_value() for name, metric in metrics.items()},
            "machine": f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()}",
            "versions": {"python": platform.python_version()} | _versions(packages),
            "commit": _commit(),
        }
        print(json.dumps(found, indent=1))
    else:
        for name, metric in metrics.items():
            reach = "" if metric.reach is None else f"(reach {metric.reach:g})"
            mark = "  " if metric.ok else "! "
            print(f"{mark}{name:36} {metric.value:14,.2f} {metric.unit:8} {reach}")
            print("".join(f"      {each}\n" for each in metric.names), end="")
    return 0 if all(metric.ok for metric in metrics.values()) else 1


def _versions(packages: Sequence[str]) -> dict[str, str]:
    found = {}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "absent"
    return found


def _commit() -> str:
    command = ["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    return run.stdout.strip() or "unknown"


sys.path.insert(0, str(ROOT))  # benchmarks measure beside the tests' reference implementations
