#!/usr/bin/env python3
"""Writes the made-up rows of examples/clinics: three clinics, two registries, one rule behind them.

Nobody's data: ages, pressures and marker values are drawn, and who falls ill follows a stated
formula with noise. The files show what a task can read: a header, semicolons, a text class, a
column of categories, a few missing cells.
"""

import argparse
import io
import sys
from pathlib import Path

import numpy as np

from quorate.learning.draws import normal, uniform

FOLDER = Path(__file__).parents[1] / "examples" / "clinics"
ROWS = {"alpine": 160, "coastal": 110, "inner-city": 80, "registry-one": 60, "registry-two": 60}
HEADER = "age;sex;pressure;marker;visits;outcome"


def rows_of(name: str, count: int) -> str:
    """The CSV text of one site."""
    age = np.clip(np.round(55 + 14 * normal(count, name, "age")), 18, 95).astype(int)
    pressure = np.round(128 + 16 * normal(count, name, "pressure")).astype(int)
    marker = np.round(np.exp(0.4 * normal(count, name, "marker")), 2)
    visits = np.floor(5 * uniform(count, name, "visits")).astype(int)
    sex = np.where(uniform(count, name, "sex") < 0.5, "f", "m")
    risk = 0.06 * (age - 55) + 0.04 * (pressure - 128) + 2.2 * np.log(marker) + 0.5 * (sex == "m")
    ill = risk + 0.7 * normal(count, name, "noise") > 0.3
    missing = uniform(count, name, "missing") < 0.03
    text = io.StringIO()
    text.write(HEADER + "\n")
    for i in range(count):
        cell = "?" if missing[i] else f"{marker[i]:.2f}"
        word = "ill" if ill[i] else "well"
        text.write(f"{age[i]};{sex[i]};{pressure[i]};{cell};{visits[i]};{word}\n")
    return text.getvalue()


def main() -> int:
    """Writes the files; with ``--check`` only says whether they are as this script makes them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    stale = []
    for name, count in ROWS.items():
        path, text = FOLDER / f"{name}.csv", rows_of(name, count)
        if not path.exists() or path.read_text() != text:
            stale.append(path.name)
            if not check:
                path.write_text(text)
    print(f"{'stale' if check else 'written'}: {', '.join(stale) or 'none'}")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
