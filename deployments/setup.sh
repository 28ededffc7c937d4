#!/bin/sh
# Makes .venv from requirements.lock (every file checked by its hash) and installs the project into it.
# Does nothing when that was done before for the same lock, project file and Python. PYTHON names another interpreter than python3.
set -eu
cd "$(dirname "$0")/.."
here=$(pwd)
python=${PYTHON:-python3}
log=.lab/log/setup.log

say() { echo "setup: $*" >&2; }
stop() { say "$*"; exit 1; }

# wait_for SENTENCE COMMAND...: runs it with its output in the log; every few seconds one line says that it goes on.
wait_for() {
    sentence=$1
    shift
    say "$sentence"
    "$@" >> "$log" 2>&1 < /dev/null &
    job=$!
    trap 'kill "$job" 2> /dev/null || true; exit 130' INT TERM
    seconds=0
    while kill -0 "$job" 2> /dev/null; do
        sleep 1
        seconds=$((seconds + 1))
        [ $((seconds % 8)) -ne 0 ] || say "  $seconds s … $(grep -v WARNING "$log" | tail -n 1 | cut -c 1-100)"
    done
    trap - INT TERM
    wait "$job"
}

apt_get() { DEBIAN_FRONTEND=noninteractive apt-get -q -y "$@"; }

command -v "$python" > /dev/null || stop "there is no $python; install Python 3.11 or newer (on Debian or Ubuntu: apt-get install python3 python3-venv) and try again"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || stop "$python is $("$python" -V 2>&1); Standfast needs Python 3.11 or newer (PYTHON=/path/to/python3.11 make setup names another one)"

wanted=$({ cat requirements.lock pyproject.toml; "$python" -V; echo "$here"; } | sha256sum)
if [ "$(cat .venv/.stamp 2> /dev/null)" = "$wanted" ] && .venv/bin/python -c '' 2> /dev/null; then
    exit 0
fi

mkdir -p .lab/log
: > "$log"
if ! "$python" -c 'import ensurepip, venv' 2> /dev/null; then
    if [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null && [ "$(command -v "$python")" = /usr/bin/python3 ]; then
        wait_for "reading the package lists" apt_get update || stop "apt-get update failed; see $log"
        wait_for "installing python3-venv" apt_get install --no-install-recommends python3-venv || stop "python3-venv cannot be installed; see $log"
    else
        stop "$python cannot make virtual environments; install its package python3-venv (on Debian or Ubuntu: apt-get install python3-venv) and try again"
    fi
fi

# An environment of another place or another Python is of no use; one that only lacks packages is kept.
if [ -e .venv ] && [ "$(.venv/bin/python -c 'import sys; print(sys.prefix, sys.version)' 2> /dev/null)" != "$here/.venv $("$python" -c 'import sys; print(sys.version)')" ]; then
    rm -rf .venv
fi
[ -e .venv ] || wait_for "making the virtual environment .venv with $("$python" -V)" "$python" -m venv .venv || stop "the virtual environment cannot be made; see $log"
rm -f .venv/.stamp
wait_for "fetching and installing $(grep -c '==' requirements.lock) packages (one to three minutes the first time)" \
    .venv/bin/python -m pip install --disable-pip-version-check --no-input --progress-bar off --no-compile --no-deps --require-hashes -r requirements.lock \
    || stop "the packages cannot be installed: $(grep -i '^ERROR' "$log" | tail -n 1); see $log"
wait_for "installing Standfast itself" \
    .venv/bin/python -m pip install --disable-pip-version-check --no-input --no-build-isolation --no-deps --editable . \
    || stop "Standfast cannot be installed; see $log"
echo "$wanted" > .venv/.stamp
say "ready; the commands are in .venv/bin"
