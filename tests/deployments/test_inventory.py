"""The inventory file: what it means, and that every mistake is told with its line. No server is needed here."""

from __future__ import annotations

import os
import socket
import textwrap
import time
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519
from hypothesis import given, settings
from hypothesis import strategies as st
from prefect.settings import PREFECT_API_URL, temporary_settings

from blocks import UnknownName
from blocks.inventory_file import SECTIONS
from blocks.lookup import (
    INVENTORY,
    UnusableBlock,
    find_archive,
    find_customer,
    find_host,
    find_notices,
    find_sandbox,
    hosts_of,
    require_server,
)
from blocks.yaml_source import BrokenYaml, read_source
from deployments.inventory import Inventory, InventoryFaulty, load_blocks, read_inventory
from reports.records import Text
from tests.blocks.samples import key_pair

KEY = key_pair()[1]
HEAD = """\
provider: {name: {zh: 某某公司, en: Some Provider}}
customers: [{name: bureau, full_name: 某局, approvers: [{name: 张伟, email: zhang@bureau.example}]}]
"""
WEB1 = f"""\
hosts:
  - name: web1
    customer: bureau
    address: 192.0.2.10
    user: ops
    key_file: keys/id
    host_key: "{KEY}"
"""


def write(folder: Path, text: str | bytes) -> Path:
    file = folder / "inventory.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def mistakes(folder: Path, text: str | bytes) -> list[str]:
    with pytest.raises(InventoryFaulty) as caught:
        read_inventory(write(folder, text))
    assert str(caught.value).splitlines() == [str(m) for m in caught.value.mistakes]
    return [str(mistake) for mistake in caught.value.mistakes]


def mistake(folder: Path, text: str | bytes) -> str:
    found = mistakes(folder, text)
    assert len(found) == 1, found
    return found[0].removeprefix("inventory.yaml ")


def test_a_whole_inventory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEB1_SUDO", "from the environment")
    (tmp_path / "mail").write_text("from a file\n")
    monkeypatch.setenv("HOME", "/home/ops")
    inventory = read_inventory(
        write(
            tmp_path,
            HEAD
            + WEB1
            + textwrap.dedent("""\
        #
            port: 2201
            sudo_password: {env: WEB1_SUDO}
            watched: [/etc/nginx]
            acceptance: [{title: {zh: 订单, en: Orders}, command: "curl -f http://127.0.0.1/"}]
          - {name: web2, customer: bureau, address: 192.0.2.11, user: root, key_file: ~/.ssh/id, host_key: "KEY"}
        sandboxes: [{name: default, engine: "unix:///var/run/docker.sock", memory_mib: 1024, disk_mib: 8192}]
        archives: [{name: default, database: "sqlite:///archive.db", store: files, signing_key: /keys/signing.key}]
        notices: [{name: default, host: 127.0.0.1, port: 2525, sender: s@provider.example, user: u, password: {file: mail}}]
        """)
            .replace("#\n", "")
            .replace("KEY", KEY),
        )
    )
    web1, web2 = inventory.hosts
    assert (web1.port, web1.key_file, web1.sudo_password.get_secret_value()) == (
        2201,
        str(tmp_path / "keys/id"),
        "from the environment",
    )
    assert web1.acceptances()[0].title == Text(zh="订单", en="Orders")
    assert (web2.key_file, web2.become) == ("/home/ops/.ssh/id", "root")
    assert inventory.provider == inventory.customers[0].provider_name == Text(zh="某某公司", en="Some Provider")
    assert inventory.customers[0].full_name == Text(zh="某局", en="某局")
    assert inventory.archives[0].database_url() == f"sqlite:///{tmp_path}/archive.db"
    assert (inventory.archives[0].store, inventory.archives[0].signing_key) == (str(tmp_path / "files"), "/keys/signing.key")
    assert inventory.notices[0].password.get_secret_value() == "from a file"
    assert [block.name for block in inventory.blocks()] == ["bureau", "web1", "web2", "default", "default", "default"]
    with pytest.raises(AttributeError):
        inventory.hosts = ()  # type: ignore[misc]


def test_anchors_save_typing(tmp_path: Path) -> None:
    inventory = read_inventory(
        write(
            tmp_path,
            HEAD
            + textwrap.dedent(f"""\
        x-defaults: &linux {{customer: bureau, user: ops, key_file: id, port: 22, host_key: "{KEY}"}}
        hosts:
          - {{<<: *linux, name: web1, address: 192.0.2.1}}
          - {{<<: *linux, name: web2, address: 192.0.2.2, port: 2201}}
        """),
        )
    )
    assert [(host.name, host.port, host.user) for host in inventory.hosts] == [("web1", 22, "ops"), ("web2", 2201, "ops")]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("port: ssh", "line 10: host web1: port must be a number between 1 and 65535, not 'ssh'; write for example port: 22"),
        ("port: yes", "line 10: host web1: port must be a number between 1 and 65535, not true; write for example port: 22"),
        ("prot: 22", "line 10: host web1: unknown key prot; did you mean port?"),
        ("user: ops", "line 10: host web1: user stands here a second time (first in line 7); keep one of them"),
        ("become: su", "line 10: host web1: become must be root or sudo, not 'su'; write for example become: sudo"),
        ("become: root", "line 10: host web1: become: root means that the login is root, but user is ops; write become: sudo"),
        ("use_agent: true", "line 10: host web1: key_file and use_agent are given together; keep one of them"),
        (
            "databases: orders",
            "line 10: host web1: databases must be a list, not 'orders'; write for example databases: [orders]",
        ),
        (
            "watched:\n      - /etc/nginx\n      - etc",
            "line 12: host web1: watched 2 must be an absolute path, not 'etc'; write for example /etc/nginx",
        ),
        (
            "labels: [1]",
            "line 10: host web1: labels 1 must be text (in quotes, if it looks like a number, a date or yes/no), not 1; "
            "write for example labels: [web, production]",
        ),
        (
            "acceptance:\n      - title: x\n        command: x\n        steady: 5",
            "line 13: host web1: acceptance 1: unknown key steady; did you mean steady_s?",
        ),
        (
            "acceptance:\n      - command: x\n        title:\n          zh: x\n",
            "line 12: host web1: acceptance 1: title.en is missing; write for example en: Some Bureau",
        ),
        (
            "sudo_password: hunter2",
            "line 10: host web1: sudo_password must not stand in the inventory itself; write sudo_password: {env: NAME} "
            "for an environment variable or sudo_password: {file: PATH} for a file",
        ),
        (
            "sudo_password: {env: STANDFAST_NOT_SET}",
            "line 10: host web1: sudo_password refers to the environment variable STANDFAST_NOT_SET, "
            "which is not set; set it before the start",
        ),
        (
            "sudo_password: {evn: X}",
            "line 10: host web1: sudo_password cannot be taken from 'evn' (did you mean env?); write sudo_password: "
            "{env: NAME} for an environment variable or sudo_password: {file: PATH} for a file",
        ),
        (
            "sudo_password: {env: A, file: b}",
            "line 10: host web1: sudo_password must refer to one place; write sudo_password: {env: NAME} "
            "for an environment variable or sudo_password: {file: PATH} for a file",
        ),
        (
            "labels: !!python/name:os.system",
            "line 10: host web1: !!python/name:os.system is not allowed or does not fit here; "
            "write plain text, numbers, lists and keys",
        ),
        (
            "connect_timeout_s: -1",
            "line 10: host web1: connect_timeout_s must be a number above 0 and at most 300, not -1; "
            "write for example connect_timeout_s: 10",
        ),
    ],
)
def test_a_line_too_much(tmp_path: Path, line: str, said: str) -> None:
    found = mistakes(tmp_path, HEAD + WEB1 + "    " + line + "\n")
    assert found[0] == "inventory.yaml " + said
    assert len(found) == 1 or line.startswith("labels: !!")  # a value that could not be read is missing besides
    assert "hunter2" not in str(found)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("customer: bureau", "customer: burau", "line 5: host web1: no customer is called 'burau'; did you mean bureau?"),
        ("customer: bureau", "customer: zzz", "line 5: host web1: no customer is called 'zzz'; known are bureau"),
        ("    address: 192.0.2.10\n", "", "line 4: host web1: address is missing; write for example address: 192.0.2.10"),
        ("    address:", "    adress:", "line 6: host web1: unknown key adress; did you mean address?"),
        (
            "    key_file: keys/id\n",
            "",
            "line 4: host web1: it is not said how to log in; give one of key_file, private_key or use_agent: true",
        ),
        (
            "name: web1",
            "name: Web 1",
            "line 4: host Web 1: name must be made of small letters, digits and dashes, not 'Web 1'; "
            "write for example name: web-1",
        ),
        (
            "  - name: web1",
            "  - name: 7",
            "line 4: host 1: name must be text (in quotes, if it looks like a number, a date or yes/no), not 7; "
            "write for example name: web1",
        ),
        ("hosts:", "host:", "line 3: unknown key host; did you mean hosts?"),
        (
            "zhang@bureau.example",
            "zhang",
            "line 2: customer bureau: approvers 1: email must be a mail address, not 'zhang'; "
            "write for example email: zhang@bureau.example",
        ),
        (
            "approvers: [{name: 张伟, email: zhang@bureau.example}]",
            "approvers: []",
            "line 2: customer bureau: approvers must be a list with at least one entry, not an empty list; "
            "write for example approvers: [{name: 张伟, email: zhang@bureau.example}]",
        ),
        (
            ", en: Some Provider",
            "",
            "line 1: provider: name must be given in Chinese (zh) and English (en); "
            "write for example provider: {name: {zh: 某某公司, en: Some Provider}}",
        ),
        (
            HEAD.splitlines()[0],
            "#",
            "line 2: provider is missing; write for example provider: {name: {zh: 某某公司, en: Some Provider}}",
        ),
    ],
)
def test_a_line_gone_wrong(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in HEAD + WEB1
    assert mistake(tmp_path, (HEAD + WEB1).replace(old, new)) == said


def test_a_missing_host_key_says_how_to_get_it_for_this_host(tmp_path: Path) -> None:
    text = mistake(tmp_path, (HEAD + WEB1).replace(f'host_key: "{KEY}"', "port: 2201"))
    assert text.startswith("line 4: host web1: host_key is missing; get it over a line you trust")
    assert "ssh-keyscan -t ed25519 -p 2201 192.0.2.10" in text


def test_all_mistakes_come_at_once_in_order(tmp_path: Path) -> None:
    found = mistakes(
        tmp_path,
        (HEAD + WEB1 + "    port: ssh\n    colour: red\nsandboxes: [{name: default, cpus: 2}]\nfoo: 1\n").replace(
            "customer: bureau", "customer: nobody"
        ),
    )
    assert [line.split(": ")[0].removeprefix("inventory.yaml line ") for line in found] == ["5", "10", "11", "12", "13"]


def test_the_same_name_or_the_same_host_twice(tmp_path: Path) -> None:
    again = WEB1.partition("\n")[2]
    assert (
        mistake(tmp_path, HEAD + WEB1 + again)
        == "line 10: host web1: the name is used already in line 4; every host needs its own"
    )
    assert mistake(tmp_path, HEAD + WEB1 + again.replace("web1", "web2")) == (
        "line 12: host web2: 192.0.2.10 port 22 is host web1 already (line 6); a host may stand here once"
    )
    read_inventory(write(tmp_path, HEAD + WEB1 + again.replace("web1", "web2") + "    port: 2201\n"))


def test_a_database_with_its_password_only_by_reference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = "archives: [{name: default, database: DB, store: a, signing_key: k}]\n"
    text = mistake(tmp_path, HEAD + archive.replace("DB", '"postgresql://u:hunter2@db/archive"'))
    assert text.startswith("line 3: archive default: database holds a password, which must not stand in the inventory itself")
    assert "hunter2" not in text
    monkeypatch.setenv("ARCHIVE_DB", "postgresql://u:hunter2@db/archive")
    [found] = read_inventory(write(tmp_path, HEAD + archive.replace("DB", "{env: ARCHIVE_DB}"))).archives
    assert found.database_url() == "postgresql+psycopg://u:hunter2@db/archive"


def test_key_files_are_tried_where_the_procedures_run(tmp_path: Path) -> None:
    def said(text: str) -> str:
        with pytest.raises(InventoryFaulty) as caught:
            read_inventory(write(tmp_path, text), keys_too=True)
        return str(caught.value)

    (tmp_path / "keys").mkdir()
    file, text = tmp_path / "keys" / "id", HEAD + WEB1
    assert read_inventory(write(tmp_path, text)).hosts  # loaded into Prefect from elsewhere, the worker's files need not be there
    begins = f"inventory.yaml line 8: host web1: key_file {file} "
    assert said(text) == begins + (
        "cannot be read (No such file or directory); put the private key there for the user who runs the procedures, or correct the path"
    )
    key = ed25519.Ed25519PrivateKey.generate()
    pem, ssh = serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH
    file.write_bytes(key.private_bytes(pem, ssh, serialization.BestAvailableEncryption(b"open")))
    assert said(text).startswith(begins + "has a passphrase; write passphrase: {env: NAME}")
    (tmp_path / "word").write_text("wrong")
    with_passphrase = text + "    passphrase: {file: word}\n"
    assert said(with_passphrase).startswith(begins + "does not open with the passphrase that is given") and "wrong" not in said(with_passphrase)
    (tmp_path / "word").write_text("open")
    assert read_inventory(write(tmp_path, with_passphrase), keys_too=True).hosts
    file.write_text(key_pair()[1])
    assert said(text).startswith(begins + "is no private key; name the private key (the file without .pub)")
    file.write_text(key_pair()[0])
    assert read_inventory(write(tmp_path, text), keys_too=True).hosts


def test_a_private_key_by_reference(tmp_path: Path) -> None:
    by_file = (HEAD + WEB1).replace("key_file: keys/id", "private_key: {file: id}")
    assert mistake(tmp_path, by_file) == (
        f"line 8: host web1: private_key refers to the file {tmp_path}/id, "
        "which cannot be read (No such file or directory); check its path and rights"
    )
    (tmp_path / "id").write_text("  \n")
    assert mistake(tmp_path, by_file).endswith("which is empty; put the secret into it")
    (tmp_path / "id").write_text(key_pair()[0])
    assert read_inventory(write(tmp_path, by_file)).hosts[0].private_key.get_secret_value() == key_pair()[0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "line 1: the file is empty; describe provider, customers and hosts in it, see docs/inventory.md"),
        ("# nothing\n", "line 1: the file is empty; describe provider, customers and hosts in it, see docs/inventory.md"),
        (
            "hosts:\n- name: a\n\tuser: x\n",
            "line 3: a tab stands at the beginning of the line; YAML is indented with spaces only",
        ),
        (
            "hosts:\n- name：a\n  user: x\n",
            "line 2: a full-width colon (：) stands where YAML needs a plain one and a space (: )",
        ),
        (
            "hosts:\n  - name: [a\n    user: b\n",
            "line 3: column 9: this is no YAML: did not find expected ',' or ']', while parsing a flow sequence "
            "that began in line 2; compare the line's indentation, quotes and colons with its neighbours",
        ),
        (
            "a: 1\n---\nb: 2\n",
            "line 2: column 1: this is no YAML: but found another document, expected a single document in the stream "
            "that began in line 1; compare the line's indentation, quotes and colons with its neighbours",
        ),
        (
            "a: *nobody\n",
            "line 1: column 4: this is no YAML: found undefined alias; "
            "compare the line's indentation, quotes and colons with its neighbours",
        ),
        ("a: 1\nb: \x01\n", "line 2: this is no YAML (control characters are not allowed); remove the odd character"),
        ("provider:\n  name: 某公司\n".encode("gbk"), "line 2: the text is not UTF-8 (GBK perhaps); save the file as UTF-8"),
        ("[" * 100_000 + "]" * 100_000, "line 1: lists and mappings lie more than 50 deep in each other; write it flatter"),
        ("provider: &a {name: *a}\n", "line 1: aliases or nesting make the file too large; write it out plainly"),
        (
            "- a\n- b\n",
            "line 1: the file must consist of the keys provider, customers, hosts, "
                "databases, devices, endpoints, sandboxes, archives, notices; see docs/inventory.md",
        ),
    ],
)
def test_what_is_no_inventory_at_all(tmp_path: Path, text: str | bytes, said: str) -> None:
    assert mistake(tmp_path, text) == said


def test_a_few_lines_cannot_fill_the_memory(tmp_path: Path) -> None:
    levels = "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12))
    began = time.monotonic()
    assert "aliases or nesting make the file too large" in mistake(tmp_path, "a0: &a0 [1]\n" + levels)
    assert time.monotonic() - began < 20


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    for path, why in ((tmp_path / "none.yaml", "No such file or directory"), (tmp_path, "Is a directory")):
        with pytest.raises(InventoryFaulty) as caught:
            read_inventory(path)
        assert str(caught.value) == f"{path.name}: cannot be read ({why}); check its path and rights"


def test_sections_of_the_wrong_kind(tmp_path: Path) -> None:
    assert (
        mistake(tmp_path, HEAD + "hosts: {web1: x}\n")
        == "line 3: hosts must be a list, each entry beginning with a dash (-), not a mapping"
    )
    assert (
        mistake(tmp_path, HEAD + "hosts:\n- web1\n") == "line 4: host 1: must be keys and values such as name: web1, not 'web1'"
    )
    assert mistake(tmp_path, HEAD + "hosts:\n- name：web1\n").endswith("a full-width colon ： is no colon for YAML")
    assert read_inventory(write(tmp_path, HEAD + "hosts:\n")).hosts == ()


@pytest.mark.parametrize("ending", ["\r\n", "\n"])
def test_windows_files_are_read(tmp_path: Path, ending: str) -> None:
    text = "\ufeff" + (HEAD + WEB1).replace("\n", ending)
    assert read_inventory(write(tmp_path, text)).hosts[0].name == "web1"
    assert mistake(tmp_path, text + f"    port: ssh{ending}").startswith("line 10: host web1: port")


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_mistake_is_found_on_the_line_it_was_put(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """Comments, blank lines and hosts before it move the line; the message follows."""
    folder = tmp_path_factory.mktemp("inventory")
    count = data.draw(st.integers(1, 4))
    wrong = data.draw(st.integers(0, count - 1))
    lines = (HEAD + "hosts:").splitlines()
    place = 0
    for number in range(count):
        lines += data.draw(st.lists(st.sampled_from(["", "# comment", "   # more"]), max_size=3))
        fields = [
            ("customer", "bureau"),
            ("address", f"192.0.2.{number + 1}"),
            ("user", "ops"),
            ("key_file", "id"),
            ("host_key", f"'{KEY}'"),
        ]
        fields.insert(data.draw(st.integers(0, len(fields))), ("port", "0" if number == wrong else "22"))
        lines.append(f"- name: web{number}")
        for key, value in fields:
            lines += data.draw(st.lists(st.just(""), max_size=1))
            lines.append(f"  {key}: {value}")
            if (key, value) == ("port", "0"):
                place = len(lines)
    assert mistake(folder, "\n".join(lines)).startswith(f"line {place}: host web{wrong}: port must be a number")


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(max_size=200), st.binary(max_size=200), st.text(alphabet=" \t\n-:{}[]&*!|>'\"%@ab：，#?,", max_size=60)))
def test_nothing_but_a_sentence_ever_comes_back(tmp_path_factory: pytest.TempPathFactory, text: str | bytes) -> None:
    folder = tmp_path_factory.mktemp("any")
    raw = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
    with pytest.raises(InventoryFaulty) as caught:
        read_inventory(write(folder, raw))
    assert caught.value.mistakes and all(m.sentence and "\n" not in str(m) for m in caught.value.mistakes)


def test_500_hosts_are_read_in_two_seconds(tmp_path: Path) -> None:
    entry = WEB1.partition("\n")[2] + "    acceptance: [{title: {zh: 订单, en: Orders}, command: 'curl -f http://127.0.0.1/'}]\n"
    text = (
        HEAD
        + "hosts:\n"
        + "".join(entry.replace("web1", f"web{n}").replace("192.0.2.10", f"10.0.{n // 250}.{n % 250 + 1}") for n in range(500))
    )
    file = write(tmp_path, text)
    began = time.process_time()
    assert len(read_inventory(file).hosts) == 500
    assert time.process_time() - began < 2


def test_names_are_looked_up_in_the_inventory_without_a_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write(
        tmp_path,
        HEAD
        + WEB1
        + textwrap.dedent("""\
        sandboxes: [{name: default}]
        archives: [{name: default, database: "sqlite:///archive.db", store: files, signing_key: signing.key}]
        notices: [{name: default, host: 127.0.0.1, port: 2525, sender: standfast@provider.example}]
        """),
    )
    monkeypatch.setenv(INVENTORY, str(file))
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:1/api")  # nobody answers there
    assert find_host("web1").address == "192.0.2.10" and find_customer("bureau").may_approve("张伟")
    assert find_sandbox().name == find_archive().name == find_notices().name == "default"
    with pytest.raises(UnknownName) as caught:
        find_host("web2")
    assert str(caught.value) == "no host is called 'web2' in inventory.yaml; did you mean web1?"
    with pytest.raises(UnknownName, match="no sandbox is called 'big' in inventory.yaml; known is default"):
        find_sandbox("big")
    file.write_text(file.read_text().replace("192.0.2.10", "192.0.2.99"))
    os.utime(file, (1, 1))
    assert find_host("web1").address == "192.0.2.99"  # a changed file is read again
    file.write_text("hosts:\n")
    with pytest.raises(InventoryFaulty, match="provider is missing"):
        find_host("web1")
    file.unlink()
    with pytest.raises(InventoryFaulty, match="cannot be read"):
        find_host("web1")


def test_without_inventory_and_server_one_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(INVENTORY, raising=False)
    with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:1/api"}):  # nobody answers there
        began = time.monotonic()
        for ask in (lambda: find_host("web1"), find_archive, lambda: hosts_of("bureau"), lambda: load_blocks(Inventory(Path(), Text(zh="", en="")))):
            with pytest.raises(UnusableBlock, match="Prefect server http://127.0.0.1:1/api cannot be reached .*; start it, correct PREFECT_API_URL, or"):
                ask()
        assert time.monotonic() - began < 5
    with temporary_settings(restore_defaults={PREFECT_API_URL}):
        with pytest.raises(UnusableBlock, match=f"neither an inventory nor a Prefect server is named; set {INVENTORY} to"):
            find_host("web1")
        monkeypatch.setenv(INVENTORY, "inventory.yaml")
        require_server(temporary=True)  # Prefect starts one for the time of the run
        with pytest.raises(UnusableBlock, match="no Prefect server is named; set PREFECT_API_URL"):
            require_server()


def test_a_server_that_is_only_slow_counts_as_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, temporary_settings({PREFECT_API_URL: f"http://127.0.0.1:{silent.getsockname()[1]}/api"}):
        require_server()


def test_a_changed_block_does_not_change_the_next_one_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(INVENTORY, str(write(tmp_path, HEAD + WEB1)))
    find_host("web1").port = 1
    assert find_host("web1").port == 22


def test_the_documented_example_is_right(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (Path(__file__).parents[2] / "docs" / "inventory.md").read_text(encoding="utf-8")
    example = page.partition("```yaml\n")[2].partition("```")[0]
    assert all(f"{section}:" in example for section in SECTIONS)
    for name in ("WEB1_SUDO_PASSWORD", "ORDERS_DB_PASSWORD", "CORE_SW1_AUTH", "CORE_SW1_PRIVACY"):
        monkeypatch.setenv(name, "8 or more")
    inventory = read_inventory(write(tmp_path, example.replace("ssh-ed25519 AAAA...", KEY)))
    assert len(inventory.hosts) >= 2 and len(list(inventory.blocks())) >= 6


def test_every_documented_key_exists_and_every_key_is_documented() -> None:
    page = (Path(__file__).parents[2] / "docs" / "inventory.md").read_text(encoding="utf-8")
    for section, kind in SECTIONS.items():
        table = page.partition(f"### {section}\n")[2].partition("\n###")[0].partition("\n## ")[0]
        keys = {
            key
            for line in table.splitlines()
            if line.startswith("| `")
            for key in line.split("|")[1].replace("`", "").replace(",", " ").split()
        }
        assert keys == set(kind.model_fields), section


def test_values_and_lines_of_plain_yaml(tmp_path: Path) -> None:
    source = read_source(write(tmp_path, "a:\n  - 1\n  - b: x\n    c: |\n      one\n      \ttwo\nd: 2026-01-01\n"))
    assert source.value["a"] == [1, {"b": "x", "c": "one\n\ttwo\n"}] and str(source.value["d"]) == "2026-01-01"
    assert [source.line(place) for place in ((), ("a",), ("a", 1, "c"), ("a", 1, "none"), ("d",))] == [1, 1, 4, 3, 7]
    with pytest.raises(BrokenYaml):
        read_source(tmp_path / "none")
