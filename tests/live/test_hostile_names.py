"""Names that a database's own users choose reach root's scripts: they stay names."""

from __future__ import annotations

import gzip
import subprocess

import pytest

from tasks.operations import backup

HARM = "/root/standfast-harm"
NAMES = (f"--result-file={HARM}", f"app_x --result-file={HARM}", "two words", "a*", "b;touch " + HARM)
TABLES = ("plain", "back`tick", f"x` ; system touch {HARM} ; select `1", f"\\! touch {HARM}")


@pytest.fixture
def database(lab):
    lab.reset("db1")
    yield "db1"
    lab.remove("db1")


def quoted(name: str) -> str:
    return f"`{name.replace('`', '``')}`"


def run(lab, script: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["docker", "exec", "-i", lab.host("db1").container, "sh", "-eu", "-s"], input=script.encode(), capture_output=True, timeout=120)


def test_a_backup_of_mariadb_takes_every_name_for_a_name(lab, database):
    orders = [f"create database {quoted(name)};" for name in NAMES] + [f"create table {quoted(NAMES[0])}.{quoted(table)} (a int);" for table in TABLES]
    made = subprocess.run(["docker", "exec", "-i", lab.host("db1").container, "mariadb"], input="\n".join(orders).encode(), capture_output=True, timeout=60)
    assert made.returncode == 0, made.stderr
    dumped = run(lab, backup.dump())
    assert dumped.returncode == 0, dumped.stderr
    text = gzip.decompress(dumped.stdout).decode()
    assert not [name for name in NAMES if f"-- Current Database: {quoted(name)}" not in text] and text.rstrip().endswith("-- Dump completed")
    counted = run(lab, backup.ROWS)
    assert counted.returncode == 0, counted.stderr
    assert len([line for line in counted.stdout.decode().splitlines() if line.startswith(NAMES[0]) and line.endswith("\t0")]) == len(TABLES)
    assert run(lab, f"[ ! -e {HARM} ]").returncode == 0
