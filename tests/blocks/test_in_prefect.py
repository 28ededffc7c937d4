"""Blocks and inventory on a real Prefect server."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import GlobalConcurrencyLimitUpdate

from blocks import ArchiveStore, Customer, HostAccess, Notices, Sandbox, UnknownName, register_all
from blocks.lookup import INVENTORY, UnusableBlock, find_archive, find_customer, find_host, find_notices, find_sandbox, hosts_of
from deployments.inventory import Report, load_blocks, read_inventory
from tests.blocks.samples import customer, host, key_pair

pytestmark = pytest.mark.usefixtures("prefect_server")

PRIVATE, PUBLIC = key_pair("ed25519", 7)


@pytest.fixture(autouse=True)
def no_inventory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(INVENTORY, raising=False)


def raw(path: str, **body: object) -> str:
    """What the server answers, as text."""
    with get_client(sync_client=True) as client:
        return (client.request("POST", path, json=body) if body else client.request("GET", path)).text


def test_before_anything_is_registered_nothing_is_known() -> None:
    with pytest.raises(UnknownName, match="no sandbox is known yet, so describe it"):
        find_sandbox()
    assert hosts_of("bureau") == ()


def test_types_are_registered_with_their_forms_and_again_harmlessly() -> None:
    assert register_all() == register_all()
    with get_client(sync_client=True) as client:
        block_type = client.read_block_type_by_slug("standfast-host")
        schema = client.get_most_recent_block_schema_for_block_type(block_type.id)
    assert block_type.name == "Host access 主机接入" and "客户主机" in block_type.description
    assert schema.fields["properties"]["host_key"]["title"] == "Pinned host key 主机公钥"
    assert schema.fields["required"] == ["name", "customer", "address", "user", "host_key"]


def test_a_block_is_the_same_after_saving_and_loading() -> None:
    there = HostAccess(
        **host(
            name="db1",
            key_file=None,
            private_key=PRIVATE,
            passphrase="pass word",
            sudo_password="秘密 {x}",
            port=2201,
            acceptance=[{"title": {"zh": "订单", "en": "Orders"}, "command": "true"}],
            watched=["/etc/nginx"],
        )
    )
    there.save("db1")
    for back in (HostAccess.load("db1"), find_host("db1")):
        assert back.model_dump() == there.model_dump()
        assert back.private_key.get_secret_value() == PRIVATE
        assert (back.passphrase.get_secret_value(), back.sudo_password.get_secret_value()) == ("pass word", "秘密 {x}")
        assert back.acceptances() == there.acceptances()
    who = Customer(**customer(warranty_from="2026-01-01", contacts=[{"role": "值班员", "name": "李娜"}]))
    who.save("bureau")
    assert find_customer("bureau").model_dump() == who.model_dump()


def test_secrets_are_masked_by_the_server_and_in_logs(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    HostAccess(**host(name="secret1", sudo_password="hunter2", passphrase="hunter2")).save("secret1")
    Notices(host="127.0.0.1", sender="ops@provider.example", user="u", password="hunter2").save("secret1")
    ArchiveStore(database="postgresql://u:hunter2@db/archive", store="/a", signing_key="/k").save("secret1")
    loaded = HostAccess.load("secret1")
    logging.getLogger("prefect").warning("using %s %r", loaded, loaded)
    assert "secret1" in caplog.text and "hunter2" not in caplog.text
    for slug in ("standfast-host", "standfast-notices", "standfast-archive"):
        answer = raw(f"/block_types/slug/{slug}/block_documents/name/secret1")
        assert "secret1" in answer and "hunter2" not in answer


def test_unknown_names_list_the_nearest_ones() -> None:
    HostAccess(**host(name="orders1")).save("orders1", overwrite=True)
    with pytest.raises(UnknownName) as caught:
        find_host("order1")
    assert str(caught.value).startswith("no host is called 'order1' in the Prefect blocks; did you mean orders1")
    for name in ("", "a/b", "../orders1", "订单", "orders1\n"):
        with pytest.raises(UnknownName):
            find_host(name)
    with pytest.raises(
        UnknownName, match="no sandbox is called 'default' in the Prefect blocks; no sandbox is known yet, so describe it"
    ):
        find_sandbox()


def test_a_form_filled_in_wrongly_is_told_when_it_is_used() -> None:
    """The Prefect UI checks no more than the JSON schema; what we check besides shows when the block is looked up."""
    register_all()
    with get_client(sync_client=True) as client:
        for name, wrong in (("wrong1", {"host_key": "ssh-ed25519 AAAA..."}), ("wrong2", {"name": "web2"})):
            client.request(
                "POST",
                "/block_documents/",
                json={
                    "name": name,
                    "block_type_id": str(HostAccess._block_type_id),
                    "block_schema_id": str(HostAccess._block_schema_id),
                    "data": {**host(name=name), "sudo_password": "hunter2", **wrong},
                },
            ).raise_for_status()
    with pytest.raises(
        UnusableBlock, match="host wrong1 in the Prefect blocks: host_key holds an ssh-ed25519 key that cannot be read"
    ) as caught:
        find_host("wrong1")
    assert "hunter2" not in str(caught.value)
    with pytest.raises(UnusableBlock, match="host wrong2 in the Prefect blocks: its field name says 'web2'; enter wrong2 there"):
        find_host("wrong2")


def write(folder: Path, port: int = 22, password: str = "one", extra: str = "") -> Path:
    (folder / "password").write_text(password + "\n")
    file = folder / "inventory.yaml"
    file.write_text(
        f"""
provider: {{name: {{zh: 某某公司, en: Some Provider}}}}
customers:
  - name: office
    full_name: {{zh: 某局, en: Some Bureau}}
    approvers: [{{name: 张伟, email: zhang@bureau.example}}]
    warranty_from: 2026-01-01
hosts:
  - {{name: app1, customer: office, address: 192.0.2.21, port: {port}, user: ops, key_file: id, host_key: "{PUBLIC}",
     sudo_password: {{file: password}}{extra}}}
  - {{name: app2, customer: office, address: 192.0.2.22, user: root, use_agent: true, host_key: "{PUBLIC}"}}
sandboxes: [{{name: small, memory_mib: 512}}]
archives: [{{name: main, database: "sqlite:///archive.db", store: archive, signing_key: signing.key}}]
notices: [{{name: mail, host: 127.0.0.1, port: 2525, sender: standfast@provider.example}}]
""",
        encoding="utf-8",
    )
    return file


def limits() -> dict[str, tuple[int, bool]]:
    with get_client(sync_client=True) as client:
        return {limit.name: (limit.limit, limit.active) for limit in client.read_global_concurrency_limits(limit=200)}


def test_an_inventory_is_loaded_and_only_changes_are_written(tmp_path: Path) -> None:
    everything = ("customer office", "host app1", "host app2", "sandbox small", "archive main", "notices mail")
    first = load_blocks(read_inventory(write(tmp_path, extra=", watched: [/etc/nginx]")))
    assert (first.added, first.changed, first.left) == (everything, (), ())
    assert first.limits == ("host-app1", "host-app2")
    assert limits()["host-app1"] == limits()["host-app2"] == (1, True)

    second = load_blocks(read_inventory(tmp_path / "inventory.yaml"))
    assert (second.added, second.changed, second.left, second.limits) == ((), (), everything, ())

    # A new password, another port, and watched gone: what is no longer in the file must not stay in force.
    third = load_blocks(read_inventory(write(tmp_path, port=2201, password="two")))
    assert (third.added, third.changed) == ((), ("host app1",))
    now = find_host("app1")
    assert (now.port, now.sudo_password.get_secret_value(), now.watched, now.key_file) == (2201, "two", [], str(tmp_path / "id"))
    assert str(third).splitlines()[:2] == ["0 added, 1 changed, 5 left as they were", "changed: host app1"]

    assert find_host("app2").become == "root" and find_customer("office").may_approve("张伟")
    assert find_sandbox("small").memory_mib == 512 and find_notices("mail").port == 2525
    assert find_archive("main").database_url() == f"sqlite:///{tmp_path}/archive.db"


def test_blocks_that_the_inventory_does_not_name_are_left_alone(tmp_path: Path) -> None:
    Sandbox(name="byhand").save("byhand")
    report = load_blocks(read_inventory(write(tmp_path)))
    assert "sandbox byhand" in report.others and find_sandbox("byhand").name == "byhand"
    assert "left alone" in str(report) and "sandbox byhand" in str(report)


def test_a_limit_is_tightened_but_a_closed_host_stays_closed(tmp_path: Path) -> None:
    inventory = read_inventory(write(tmp_path))
    load_blocks(inventory)
    with get_client(sync_client=True) as client:
        client.update_global_concurrency_limit("host-app1", GlobalConcurrencyLimitUpdate(limit=5, active=False))
        client.update_global_concurrency_limit("host-app2", GlobalConcurrencyLimitUpdate(limit=0))
    assert load_blocks(inventory).limits == ("host-app1",)
    assert limits()["host-app1"] == (1, True) and limits()["host-app2"] == (0, True)


def test_more_blocks_than_the_server_gives_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deployments.inventory.PAGE", 2)
    inventory = read_inventory(write(tmp_path))
    load_blocks(inventory)
    report = load_blocks(inventory)
    assert len(report.left) == 6 and report.added == report.changed == ()


def test_an_empty_report_reads_well() -> None:
    assert str(Report()) == "0 added, 0 changed, 0 left as they were"
