"""Databases in the inventory, and what customers, hosts and databases say to inspections."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from blocks import Customer, DatabaseAccess, HostAccess, sentences
from blocks.inventory_file import InventoryFaulty, read_inventory
from blocks.lookup import databases_of, find_database
from tests.blocks.samples import customer, host, key_pair

DATABASE = {"name": "orders-db", "customer": "bureau", "kind": "postgresql", "user": "inspect", "password": "geheim-123"}
FILE = """\
provider: {{name: {{zh: 某某公司, en: Some Provider}}}}
customers:
  - {{name: bureau, full_name: {{zh: 局, en: Bureau}}, approvers: [{{name: 张伟, email: zhang@bureau.example}}]}}
hosts:
  - {{name: db1, customer: bureau, address: 192.0.2.11, user: root, use_agent: true, host_key: "{key}"}}
databases:
  - name: orders-db
    customer: {customer}
    kind: {kind}
    user: inspect
    password: {password}
    through: {through}
    limits: {limits}
"""


def written(folder: Path, **other: str) -> Path:
    words = {"customer": "bureau", "kind": "mariadb", "password": "{env: DB_SECRET}", "through": "db1", "limits": "{MY-02.taken: {warning: 85}}", **other}
    (folder / "inventory.yaml").write_text(FILE.format(key=key_pair()[1].strip(), **words))
    return folder / "inventory.yaml"


def test_what_is_left_out_follows_the_kind_and_the_tunnel() -> None:
    straight, carried = DatabaseAccess(**DATABASE), DatabaseAccess(**{**DATABASE, "kind": "mysql"}, through="db1")
    assert (straight.port, straight.database, straight.tls) == (5432, "postgres", "require")
    assert (carried.port, carried.database, carried.tls) == (3306, "", "prefer")
    assert "geheim" not in repr(straight) + str(straight.model_dump())


@pytest.mark.parametrize(("other", "text"), [
    ({"kind": "oracle"}, "kind must be postgresql, mysql or mariadb, not 'oracle'"),
    ({"port": 70000}, "port must be a number between 0 and 65535"),
    ({"address": "db.example:5432"}, "must be the bare address"),
    ({"password": "a\nb"}, "password must be a single line"),
    ({"ca_file": "/ca.pem"}, "ca_file has no use with tls: require"),
    ({"tls": "verify", "through": "db1"}, "tls: verify cannot check the server's name through a tunnel"),
    ({"limits": {"PG-02": {"warning": 1}}}, "limits names a limit by check and name, not 'PG-02'"),
    ({"limits": {"PG-02.taken": {"warn": 1}}}, "limits PG-02.taken: unknown key warn; did you mean warning?"),
    ({"limits": {"PG-02.taken": {"warning": "much"}}}, "limits PG-02.taken.warning must be a number"),
    ({"limits": [1]}, "limits must be a mapping of limits"),
    ({"expected": {"rol": "primary"}}, "expected unknown key rol; did you mean role?"),
    ({"expected": {"standbys": "db2"}}, "expected standbys must be a list of words, not 'db2'"),
])
def test_each_mistake_is_one_sentence(other: dict, text: str) -> None:
    with pytest.raises(ValidationError) as refused:
        DatabaseAccess(**{**DATABASE, **other})
    said = [sentence for _, sentence in sentences(refused.value)]
    assert len(said) == 1 and text in said[0] and "geheim" not in said[0]


@pytest.mark.parametrize(("expected", "text"), [
    ({"ports": ["https"]}, "ports must be a list of ports"),
    ({"backups": [{"path": "srv", "every_h": 24}]}, "backups must be a list of backups"),
    ({"time_zone": 8}, "time_zone must be a word, not 8; write for example time_zone: Asia/Shanghai"),
    ({"unit": ["a"]}, "unknown key unit; did you mean units?"),
])
def test_what_a_host_must_be_is_checked_lightly(expected: dict, text: str) -> None:
    with pytest.raises(ValidationError) as refused:
        HostAccess(**host(expected=expected))
    assert text in sentences(refused.value)[0][1]


def test_hosts_and_customers_have_limits_and_expectations_of_their_own() -> None:
    there = HostAccess(**host(limits={"RES-01.used": {"warning": 85, "critical": None}},
                              expected={"units": ["orders.service"], "backups": [{"path": "/srv/backup", "every_h": 24}], "ports": [443]}))
    assert there.limits == {"RES-01.used": {"warning": 85.0, "critical": None}} and there.expected["ports"] == [443]
    assert Customer(**customer(limits={"RES-01.used": {"warning": 70}})).limits == {"RES-01.used": {"warning": 70.0}}


def test_an_inventory_names_databases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DB_SECRET", "geheim-123")
    monkeypatch.setenv("STANDFAST_INVENTORY", str(written(tmp_path)))
    there = find_database("orders-db")
    assert (there.port, there.through, there.password.get_secret_value()) == (3306, "db1", "geheim-123")
    assert [d.name for d in databases_of("bureau")] == ["orders-db"] and databases_of("other") == ()


@pytest.mark.parametrize(("other", "line", "text"), [
    ({"through": "db11"}, 12, "database orders-db: no host is called 'db11'; did you mean db1?"),
    ({"customer": "bureo"}, 8, "database orders-db: no customer is called 'bureo'; did you mean bureau?"),
    ({"password": "geheim-123"}, 11, "database orders-db: password must not stand in the inventory itself"),
    ({"kind": "maria"}, 9, "kind must be postgresql, mysql or mariadb"),
    ({"limits": "{MY-02.taken: much}"}, 13, "limits MY-02.taken needs warning or critical"),
])
def test_mistakes_are_told_with_their_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, other: dict, line: int, text: str) -> None:
    monkeypatch.setenv("DB_SECRET", "geheim-123")
    with pytest.raises(InventoryFaulty) as refused:
        read_inventory(written(tmp_path, **other))
    assert [m.line for m in refused.value.mistakes] == [line] and text in str(refused.value) and "geheim" not in str(refused.value)
