import subprocess

import pytest

from reports.records import Cluster, TableRows
from tasks.errors import ProcedureError
from tasks.operations import database


def cluster(name="15/main", *databases, running=True, engine="postgresql"):
    tables = tuple(TableRows(database=one, table="public.t", rows=1) for one in databases)
    return Cluster(engine=engine, name=name, version="15.18", port=5432, running=running, tables=tables)


def test_a_database_belongs_to_the_server_that_has_its_tables():
    one, two = cluster("15/main", "orders"), cluster("13/old", "archive")
    assert database.cluster_of("orders", [one, two]) == one
    assert database.cluster_of("archive", [one, two]) == two
    assert database.cluster_of("empty", [one]) == one


@pytest.mark.parametrize(
    ("clusters", "word"),
    [
        ([], "no PostgreSQL server runs"),
        ([cluster(running=False)], "no PostgreSQL server runs"),
        ([cluster(engine="mariadb")], "no PostgreSQL"),
        ([cluster("15/main", "orders"), cluster("13/old", "orders")], "it is not clear"),
        ([cluster("15/a"), cluster("15/b")], "it is not clear"),
    ],
)
def test_a_database_of_an_unclear_server_is_refused(clusters, word):
    with pytest.raises(ProcedureError, match=word):
        database.cluster_of("orders", clusters)
    with pytest.raises(ProcedureError):
        database.dump_step(1, "web1", ["orders"], clusters=clusters)


@pytest.mark.parametrize("name", ["a/b", "", "..", "-x", "a\nb"])
def test_a_name_that_cannot_be_a_files_name_is_refused(name):
    with pytest.raises(ProcedureError, match="by hand"):
        database.dump_step(1, "web1", [name], clusters=[cluster()])


def scripts():
    dump = database.dump_step(1, "web1", ["orders", "it's; x"], clusters=[cluster()])
    every = database.dump_step(1, "web1", [], clusters=[cluster(), cluster("13/old")])
    check = database.data_check_step(2, "web1", clusters=[cluster()], may_shrink=["public.queue", "public.it's"])
    yield from (
        getattr(step, part) for step in (dump, every, check) for part in ("probe", "command", "proof", "undo", "undo_proof")
    )
    yield from (
        database.restore_script("it's", "15/main"),
        database.equal_to_dump_script("orders", "15/main"),
        database.equal_to_dump_script("orders", "15/main", exactly=False),
        database.schema_digest_script("orders", "15/main"),
        database.tables_kept_script("orders", "15/main", counted=True),
    )


def test_every_script_is_whole_shell():
    for script in scripts():
        done = subprocess.run(["sh", "-n"], input=script, text=True, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr + script


def test_a_dump_step_changes_nothing_for_users_and_its_probe_trusts_only_a_proven_dump():
    step = database.dump_step(3, "web1", ["orders"], clusters=[cluster()])
    assert (step.number, step.key, step.changes, step.interrupts) == (3, "dump-database", False, False)
    assert step.command.index("umask 077") < step.command.index("pg_dumpall")
    assert step.command.rstrip().endswith("mv PROVEN.new PROVEN\nsync")


def test_without_its_dump_nothing_is_called_kept(tmp_path, monkeypatch):
    monkeypatch.setenv("CHANGE_DIR", str(tmp_path))
    for script in (
        database.tables_kept_script("orders", "15/main", counted=False),
        database.tables_kept_script("orders", "15/main", counted=True),
    ):
        done = subprocess.run(["sh", "-euc", script], capture_output=True, text=True, check=False)
        assert done.returncode == 1 and "no dump of orders to compare with" in done.stderr


def compare(before: str, now: str, may_shrink: str = "") -> subprocess.CompletedProcess:
    script = f"""d=$(mktemp -d); trap 'rm -rf "$d"' EXIT; dumps=$d db=x now=$d/now
printf '%s' "$1" >$d/x.rows; printf '%s' "$2" >$d/now
may_shrink=$3
{database._NOT_FEWER}"""
    return subprocess.run(["sh", "-euc", script, "sh", before, now, may_shrink], capture_output=True, text=True, check=False)


def test_fewer_rows_are_found_and_named():
    before = "public.a|10|5\npublic.b|3|-\nobjects of kind r|2|-\n"
    assert compare(before, "public.a|10|6\npublic.b|4|-\nobjects of kind r|1|-\n").returncode == 0
    fewer = compare(before, "public.a|9|6\npublic.b|3|-\n")
    assert fewer.returncode == 1 and "public.a has 9 rows, it had 10" in fewer.stderr
    assert compare(before, "public.a|9|6\npublic.b|3|-\n", "public.z\npublic.a").returncode == 0
    assert compare("a|b|10|5\n", "a|b|9|5\n").returncode == 1  # a table's name may hold the sign between the columns
