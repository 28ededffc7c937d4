#!/bin/sh
# Writes requirements.lock anew from pyproject.toml: every package with its version and the hashes of its files, for Python 3.11 and newer.
# For developers, after a change of the dependencies: `make lock`. Versions that still fit are kept; `make lock UPGRADE=yes` takes the newest.
set -eu
cd "$(dirname "$0")/.."
tool=.lab/lock-tool
[ -x "$tool/bin/uv" ] || { .venv/bin/python -m venv "$tool" && "$tool/bin/python" -m pip install -q uv; }
"$tool/bin/uv" pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-emit-find-links \
    --extra dev ${UPGRADE:+--upgrade} --output-file requirements.lock pyproject.toml
