"""Host access: the pinned key, the login, and what the record parts get."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from blocks import HostAccess, sentences
from blocks.host_access import pinned_keys
from reports.records import Acceptance, Text
from tests.blocks.samples import host, key_pair

PUBLIC = key_pair()[1]


def said(**other: object) -> str:
    with pytest.raises(ValidationError) as caught:
        HostAccess(**host(**other))
    found = [text for _, text in sentences(caught.value)]
    assert len(found) == 1, found
    return found[0]


def test_a_host_needs_no_server_and_no_network() -> None:
    block = HostAccess(
        **host(acceptance=[{"title": {"zh": "订单", "en": "Orders"}, "command": "curl -f http://127.0.0.1/", "within_s": 90}])
    )
    assert (block.port, block.become, block.connect_timeout_s, block.use_agent) == (22, "sudo", 10, False)
    assert block.acceptances() == (
        Acceptance(target="web1", title=Text(zh="订单", en="Orders"), command="curl -f http://127.0.0.1/", within_s=90),
    )


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
def test_host_keys_are_brought_to_one_form(kind: str) -> None:
    plain = key_pair(kind)[1]
    for written in (
        plain,
        f"{plain} root@web1",
        f"  {plain}\r\n",
        f"[192.0.2.10]:2201 {plain}",
        f"# 192.0.2.10:22 SSH-2.0\n|1|aa=|bb= {plain}\n",
    ):
        assert pinned_keys(written) == plain
    assert pinned_keys(f"{PUBLIC}\n\n{key_pair('rsa')[1]}\n{PUBLIC} again") == f"{PUBLIC}\n{key_pair('rsa')[1]}"


def test_ssh_keyscan_and_known_hosts_agree_with_openssh(tmp_path) -> None:
    for port, found in ((22, "192.0.2.10"), (2201, "[192.0.2.10]:2201")):
        file = tmp_path / f"known_hosts_{port}"
        file.write_text(HostAccess(**host(port=port, host_key=f"{PUBLIC}\n{key_pair('rsa')[1]}")).known_host_line() + "\n")
        listed = subprocess.run(
            ["ssh-keygen", "-F", found, "-f", str(file)], capture_output=True, text=True, timeout=20, check=True
        ).stdout
        assert PUBLIC.split()[1] in listed and key_pair("rsa")[1].split()[1] in listed


@pytest.mark.parametrize(
    ("key", "fault"),
    [
        ("", "host_key is empty; get it over a line you trust"),
        ("# only a comment", "host_key is empty"),
        ("ssh-ed25519", "host_key ends after the key's type ssh-ed25519"),
        ("ssh-ed25519 AAAA...", "host_key holds an ssh-ed25519 key that cannot be read"),
        pytest.param(PUBLIC[:-8], "cannot be read", id="cut"),
        pytest.param(PUBLIC.replace("ssh-ed25519 ", "ssh-rsa "), "cannot be read", id="another type"),
        ("SHA256:abcdefgh", "not its fingerprint"),
        ("ssh-dss AAAAB3NzaC1kc3M=", "must begin with the key's type"),
        pytest.param(f"@cert-authority *.example {PUBLIC}", "lines with @cert-authority are not supported", id="certificate authority"),
        ("web1", "must begin with the key's type"),
    ],
)
def test_what_is_no_host_key_is_refused(key: str, fault: str) -> None:
    assert fault in said(host_key=key)


def test_a_private_key_pasted_as_host_key_is_not_repeated() -> None:
    private = key_pair()[0]
    text = said(host_key=private)
    assert "holds a private key" in text and private.splitlines()[1] not in text


@given(st.text(max_size=120))
def test_no_text_at_all_passes_for_a_host_key(text: str) -> None:
    with pytest.raises(ValueError):
        pinned_keys(text)


def test_a_missing_host_key_says_how_to_get_it() -> None:
    values = host(port=2201)
    del values["host_key"]
    with pytest.raises(ValidationError) as caught:
        HostAccess(**values)
    assert "ssh-keyscan -t ed25519 -p 2201 192.0.2.10" in sentences(caught.value)[0][1]


@pytest.mark.parametrize(
    ("other", "text"),
    [
        ({"key_file": None}, "it is not said how to log in; give one of key_file, private_key or use_agent: true"),
        ({"key_file": ""}, "it is not said how to log in; give one of key_file, private_key or use_agent: true"),
        ({"use_agent": True}, "key_file and use_agent are given together; keep one of them"),
        (
            {"key_file": "keys/id"},
            "key_file must be an absolute path on the worker, not 'keys/id'; write for example /home/ops/.ssh/id_ed25519",
        ),
        (
            {"key_file": None, "use_agent": True, "passphrase": "x"},
            "passphrase has no use with use_agent; unlock the key in the agent and leave passphrase out",
        ),
        ({"become": "root"}, "become: root means that the login is root, but user is ops; write become: sudo"),
        ({"become": "su"}, "become must be root or sudo, not 'su'; write for example become: sudo"),
        ({"user": "root", "sudo_password": "x"}, "sudo_password has no use where the login is root; leave it out"),
        ({"port": "ssh"}, "port must be a number between 1 and 65535, not 'ssh'; write for example port: 22"),
        ({"port": 65536}, "port must be a number between 1 and 65535, not 65536; write for example port: 22"),
        (
            {"address": "ops@192.0.2.10"},
            "address must be the bare address, not 'ops@192.0.2.10'; user and port have their own keys",
        ),
        (
            {"address": "192.0.2.10:22"},
            "address must be the bare address, not '192.0.2.10:22'; user and port have their own keys",
        ),
        (
            {"address": "192.0.2.256"},
            "address must be an IP address or a host name, not '192.0.2.256'; write for example address: 192.0.2.10",
        ),
        (
            {"address": "-oProxyCommand=x"},
            "address must be an IP address or a host name, not '-oProxyCommand=x'; write for example address: 192.0.2.10",
        ),
        ({"user": "ops ops"}, "user must be the name of an account, not 'ops ops'; write for example ops"),
        ({"watched": ["etc/nginx"]}, "watched 1 must be an absolute path, not 'etc/nginx'; write for example /etc/nginx"),
        ({"databases": ["a\nb"]}, "databases must hold names only, not 'a\\nb'; write for example [orders]"),
        (
            {"acceptance": [{"title": "x"}]},
            "acceptance 1: command is missing; write for example command: curl -fsS http://127.0.0.1/health",
        ),
        (
            {"acceptance": [{"title": {"zh": "x"}, "command": "x"}]},
            "acceptance 1: title.en is missing; write for example en: Some Bureau",
        ),
        (
            {"acceptance": [{"title": "x", "command": "x", "steady_s": 61}]},
            "acceptance 1: steady_s (61) must not be more than within_s (60); write for example within_s: 60",
        ),
        (
            {"connect_timeout_s": 0},
            "connect_timeout_s must be a number above 0 and at most 300, not 0; write for example connect_timeout_s: 10",
        ),
    ],
)
def test_each_mistake_is_one_sentence(other: dict, text: str) -> None:
    assert said(**other) == text


@pytest.mark.parametrize(
    ("written", "kept"), [("::1", "::1"), ("[2001:DB8::1]", "2001:db8::1"), (" web1.bureau.example ", "web1.bureau.example")]
)
def test_addresses_are_brought_to_one_form(written: str, kept: str) -> None:
    assert HostAccess(**host(address=written)).address == kept


def test_a_root_login_needs_no_sudo() -> None:
    assert HostAccess(**host(user="root")).become == "root"


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
def test_a_private_key_survives_a_one_line_input_box(kind: str, tmp_path) -> None:
    private, public = key_pair(kind)
    for written in (private, private.replace("\n", "\r\n"), " ".join(private.split("\n"))):
        block = HostAccess(**host(key_file=None, private_key=written))
        file = tmp_path / "key"
        file.write_text(block.private_key.get_secret_value())
        file.chmod(0o600)
        shown = subprocess.run(
            ["ssh-keygen", "-y", "-f", str(file)], capture_output=True, text=True, timeout=20, check=True
        ).stdout
        assert shown.split()[:2] == public.split()[:2]


def test_what_is_no_private_key_is_refused_without_repeating_it() -> None:
    assert "holds a public key" in said(key_file=None, private_key=PUBLIC)
    text = said(key_file=None, private_key="-----BEGIN OPENSSH PRIVATE KEY-----\nhunter2")
    assert "must be a private key in PEM form" in text and "hunter2" not in text
