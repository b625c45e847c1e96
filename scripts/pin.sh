#!/usr/bin/env bash
# Writes constraints.txt: resolves the newest allowed versions in a fresh environment, installs them
# again from the pins alone in a second one, and checks both. A release that is listed but cannot
# be installed stops this script; exclude it in pyproject.toml (`!=`) and run again.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
python=${PYTHON:-python3.11}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

install() { # environment, further pip options
  "$python" -m venv "$work/$1"
  "$work/$1/bin/pip" --disable-pip-version-check install --quiet "${@:2}" 'setuptools>=77'
  "$work/$1/bin/pip" --disable-pip-version-check install --quiet --no-build-isolation "${@:2}" --editable '.[learn,dev]'
  "$work/$1/bin/pip" --disable-pip-version-check check
}

pins() { # environment
  "$work/$1/bin/pip" --disable-pip-version-check freeze --all --exclude pip --exclude quorate
}

install newest
{
  echo "# Every version that a fresh install gets: runtime, learn and dev. Written by scripts/pin.sh"
  echo "# with $("$python" --version); checked by installing from these pins in a fresh environment."
  pins newest
} >"$work/constraints.txt"

install pinned --constraint "$work/constraints.txt"
diff <(pins newest) <(pins pinned)
cp "$work/constraints.txt" constraints.txt
echo "wrote constraints.txt: $(grep -c == constraints.txt) packages"
