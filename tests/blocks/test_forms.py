"""The forms as people see them in the Prefect UI, and what every block has in common."""

from __future__ import annotations

import pytest
from pydantic import BaseModel, SecretStr, ValidationError

from blocks import BLOCK_TYPES, ArchiveStore, Customer, HostAccess, Notices, Sandbox
from blocks.customer import ApproverEntry, ContactEntry
from blocks.foundation import StandfastBlock, nearest, sentences, unknown_key
from blocks.host_access import AcceptanceCheck
from tests.blocks import samples


def properties(schema: dict) -> list[tuple[str, dict]]:
    """Every field of a form, those of its parts too."""
    found = []
    for name, value in schema.get("properties", {}).items():
        found += [(name, value), *properties(value)]
    for part in schema.get("definitions", {}).values():
        found += properties(part)
    return found


@pytest.mark.parametrize("block_type", BLOCK_TYPES)
def test_every_field_of_a_form_has_a_title_and_says_what_to_enter(block_type: type[StandfastBlock]) -> None:
    fields = properties(block_type.model_json_schema())
    assert len(fields) >= len(block_type.model_fields)
    for name, value in fields:
        # Pydantic makes up a title from the name; ours are written by hand, so they differ from that.
        assert value.get("title") and value["title"] != name.replace("_", " ").title(), name
        assert len(value.get("description", "")) > 5, name


@pytest.mark.parametrize("form", [*BLOCK_TYPES, AcceptanceCheck, ApproverEntry, ContactEntry])
def test_every_field_has_an_example_for_its_messages(form: type[BaseModel]) -> None:
    assert [
        name for name, info in form.model_fields.items() if not info.examples and "title" not in name and name != "full_name"
    ] == []


def test_types_are_named_in_both_languages_and_distinct() -> None:
    assert [t.get_block_type_slug() for t in BLOCK_TYPES] == [
        "standfast-customer",
        "standfast-host",
        "standfast-database",
        "standfast-device",
        "standfast-endpoint",
        "standfast-sandbox",
        "standfast-archive",
        "standfast-notices",
    ]
    for block_type in BLOCK_TYPES:
        for text in (block_type.get_block_type_name(), block_type.get_description()):
            assert any("\u4e00" <= sign <= "\u9fff" for sign in text) and any(sign.isascii() and sign.isalpha() for sign in text)


def test_secrets_are_marked_so_that_the_server_masks_them() -> None:
    marked = {t.get_block_type_slug(): t.model_json_schema()["secret_fields"] for t in BLOCK_TYPES}
    assert marked == {
        "standfast-customer": [],
        "standfast-sandbox": [],
        "standfast-host": ["private_key", "passphrase", "sudo_password"],
        "standfast-database": ["password"],
        "standfast-device": ["community", "auth_password", "privacy_password", "password"],
        "standfast-endpoint": [],
        "standfast-archive": ["database"],
        "standfast-notices": ["password"],
    }


def test_a_kept_schema_is_not_changed_by_who_reads_it() -> None:
    HostAccess.model_json_schema()["properties"].clear()
    assert "host_key" in HostAccess.model_json_schema()["properties"]
    assert Sandbox.model_json_schema()["properties"].keys() == Sandbox.model_fields.keys()


def test_fields_are_numbered_in_the_order_of_the_form() -> None:
    schema = HostAccess.model_json_schema()["properties"]
    assert [name for name, _ in sorted(schema.items(), key=lambda item: item[1]["position"])] == list(HostAccess.model_fields)


def test_every_missing_field_is_told_at_once() -> None:
    with pytest.raises(ValidationError) as caught:
        HostAccess()  # type: ignore[call-arg]
    assert [place for place, _ in sentences(caught.value)] == [("name",), ("customer",), ("address",), ("user",), ("host_key",)]
    assert all(text.startswith(f"{place[0]} is missing; ") for place, text in sentences(caught.value))


def test_a_message_never_holds_the_secrets_of_the_block() -> None:
    for wrong in ({"port": "ssh"}, {"use_agent": True}, {"become": "root"}, {"sudo_password": "hunter2\nhunter2"}, {"oops": "x"}):
        with pytest.raises(ValidationError) as caught:
            HostAccess(**{**samples.host(sudo_password="hunter2", passphrase="hunter2"), **wrong})
        assert "hunter2" not in str(caught.value) + repr(caught.value)


def test_braces_in_a_wrong_value_are_repeated_as_they_are() -> None:
    with pytest.raises(ValidationError) as caught:
        HostAccess(**samples.host(port="{said} {0}"))
    assert (
        sentences(caught.value)[0][1] == "port must be a number between 1 and 65535, not '{said} {0}'; write for example port: 22"
    )


def test_secrets_show_in_no_text_of_a_block() -> None:
    blocks = [
        HostAccess(**samples.host(sudo_password="hunter2", passphrase="hunter2")),
        Notices(host="127.0.0.1", sender="ops@provider.example", user="u", password="hunter2"),
        ArchiveStore(database="postgresql://u:hunter2@db/archive", store="/a", signing_key="/k"),
    ]
    for block in blocks:
        assert "hunter2" not in "".join(
            [repr(block), str(block), block.model_dump_json(), str(block.model_dump()), str(block.__dict__)]
        )
        assert "hunter2" in str(block.model_dump(mode="json", context={"include_secrets": True}))  # they are there, though


def test_blocks_survive_their_own_dump() -> None:
    for block in (
        HostAccess(**samples.host(sudo_password="s", acceptance=[{"title": "订单", "command": "true"}])),
        HostAccess(**samples.host(user="root")),
        Customer(**samples.customer(warranty_from="2026-01-01")),
        Sandbox(),
        Notices(host="::1", sender="运维 <ops@provider.example>"),
        ArchiveStore(database="sqlite:////a.db", store="/a", signing_key="/k"),
    ):
        again = type(block).model_validate(block.model_dump(mode="json", context={"include_secrets": True}))
        assert again == block


def test_unknown_keys_are_refused_with_the_nearest_known_one() -> None:
    with pytest.raises(ValidationError) as caught:
        HostAccess(**samples.host(adress="x"))
    assert sentences(caught.value)[0][1] == "unknown key adress; did you mean address?"
    assert unknown_key("hostname", ["address", "port"]) == "unknown key hostname; did you mean address?"
    assert unknown_key("zzz", ["address", "port"]) == "unknown key zzz; known are address, port"
    assert nearest("WEB1", ["web1", "db1"]) == ["web1"]


@pytest.mark.parametrize("name", ["Web1", "web 1", "web_1", "网站", "", "-web", "a" * 101, "web1\n"])
def test_a_name_is_what_a_block_document_may_be_called(name: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Sandbox(name=name)
    assert "must be made of small letters, digits and dashes" in sentences(caught.value)[0][1]


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (
            {"engine": "docker"},
            "engine must be the address of a Docker engine, not 'docker'; write for example engine: unix:///var/run/docker.sock",
        ),
        ({"memory_mib": 1}, "memory_mib must be a number between 128 and 1048576, not 1; write for example memory_mib: 1024"),
        ({"cpu": 0}, "cpu must be a number above 0 and at most 256, not 0; write for example cpu: 1.0"),
        (
            {"package_hosts": ["mirror"]},
            "package_hosts must hold host:port, not 'mirror'; write for example mirror.bureau.example:80",
        ),
        (
            {"package_hosts": ["mirror:99999"]},
            "package_hosts must hold host:port, not 'mirror:99999'; write for example mirror.bureau.example:80",
        ),
    ],
)
def test_sandbox_mistakes(other: dict, said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Sandbox(**other)
    assert [text for _, text in sentences(caught.value)] == [said]


@pytest.mark.parametrize(
    ("database", "said"),
    [
        ("sqlite:///archive.db", "must name a file by its absolute path"),
        ("sqlite://", "must name a file by its absolute path"),
        ("mysql://u:hunter2@h/d", "must be SQLite or PostgreSQL, not 'mysql'"),
        ("hunter2", "must be the address of a database"),
        ("postgresql://u:hunter2@h", "must name a database"),
    ],
)
def test_archive_database_mistakes(database: str, said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        ArchiveStore(database=database, store="/a", signing_key="/k")
    assert said in sentences(caught.value)[0][1] and "hunter2" not in str(caught.value)


def test_the_archives_address_can_be_shown() -> None:
    store = ArchiveStore(database="postgresql://u:hunter2@db/archive?password=hunter2", store="/a", signing_key="/k")
    assert store.database_url() == "postgresql+psycopg://u:hunter2@db/archive?password=hunter2"
    assert store.database_shown() == "postgresql+psycopg://u:***@db/archive?password=***"
    assert isinstance(store.database, SecretStr)


def test_the_archive_opens(tmp_path) -> None:
    store = ArchiveStore(
        database=f"sqlite:///{tmp_path}/archive.db", store=str(tmp_path / "files"), signing_key=str(tmp_path / "signing.key")
    )
    archive = store.open()
    try:
        assert (tmp_path / "archive.db").exists() and (tmp_path / "signing.key").exists()
    finally:
        archive.dispose()
