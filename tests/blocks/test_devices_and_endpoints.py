"""Network devices and web endpoints: their forms, their lines in the inventory, and what is said of a wrong one."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from blocks import NetworkDevice, WebEndpoint, sentences
from blocks.inventory_file import InventoryFaulty, read_inventory
from blocks.lookup import all_of, find
from tests.blocks.samples import key_pair

V2C = {"name": "core-sw1", "customer": "bureau", "address": "192.0.2.30", "community": "geheim-123"}
V3 = {"name": "core-sw1", "customer": "bureau", "address": "192.0.2.30", "user": "inspect", "auth_password": "geheim-123", "privacy_password": "geheim-456"}
SSH = {"name": "core-sw1", "customer": "bureau", "address": "192.0.2.30", "by": "ssh", "vendor": "huawei", "user": "inspect", "password": "geheim-123",
       "host_key": key_pair()[1]}
PAGE = {"name": "orders-page", "customer": "bureau", "url": "https://orders.bureau.example/health"}
FINGERPRINT = "3F:" * 31 + "3f"
FILE = """\
provider: {{name: {{zh: 某某公司, en: Some Provider}}}}
customers:
  - {{name: bureau, full_name: {{zh: 局, en: Bureau}}, approvers: [{{name: 张伟, email: zhang@bureau.example}}]}}
hosts:
  - {{name: db1, customer: bureau, address: 192.0.2.11, user: root, use_agent: true, host_key: "{key}"}}
devices:
  - name: {device}
    customer: bureau
    address: 192.0.2.30
    community: {community}
    expected: {expected}
endpoints:
  - name: {endpoint}
    customer: {customer}
    url: {url}
    ca_file: {ca_file}
"""


def written(folder: Path, **other: str) -> Path:
    words = {"device": "core-sw1", "community": "{env: COMMUNITY}", "expected": "{interfaces: [eth0]}", "endpoint": "orders-page", "customer": "bureau",
             "url": "https://orders.bureau.example/", "ca_file": "ca.pem", **other}
    (folder / "inventory.yaml").write_text(FILE.format(key=key_pair()[1].strip(), **words))
    return folder / "inventory.yaml"


def test_a_community_or_a_user_lets_us_read() -> None:
    for device in (NetworkDevice(**V2C), NetworkDevice(**V3, privacy="AES-256", auth="SHA"), NetworkDevice(**SSH, commands=["display device"])):
        assert device.port == (22 if device.by == "ssh" else 161) and len(device.secrets()) in (1, 2)
        assert "geheim" not in repr(device) + str(device.model_dump()) + device.model_dump_json()
        assert NetworkDevice.model_validate(device.model_dump(mode="json", context={"include_secrets": True})) == device


@pytest.mark.parametrize(("entry", "text"), [
    ({**V2C, "community": None}, "it is not said how to read it; give community (SNMPv2c), or user, auth_password and privacy_password (SNMPv3)"),
    ({**V2C, **V3}, "community and user are given together"),
    ({**V3, "privacy_password": ""}, "privacy_password is missing for user inspect"),
    ({**V3, "auth_password": "short"}, "auth_password must have at least 8 characters"),
    ({**V2C, "privacy_password": "geheim-456"}, "privacy_password has no use with a community"),
    ({**V2C, "community": "a\nb"}, "community must be a single line"),
    ({**V3, "auth": "MD5"}, "auth must be SHA, SHA-256 or SHA-512, not 'MD5'; write for example auth: SHA-256"),
    ({**V3, "privacy": "DES"}, "privacy must be AES or AES-256, not 'DES'"),
    ({**V3, "user": "a\tb"}, "user must be the name of a user"),
    ({**V2C, "address": "192.0.2.30:161"}, "address must be the bare address"),
    ({**V2C, "port": -1}, "port must be a number between 0 and 65535"),
    ({**V2C, "vendor": "huawei"}, "vendor has no use with by: snmp; leave it out, or write by: ssh"),
    ({**SSH, "community": "geheim-123"}, "community has no use with by: ssh; leave it out, or write by: snmp"),
    ({**SSH, "vendor": None}, "vendor is missing for by: ssh; write for example vendor: huawei"),
    ({**SSH, "vendor": "zte"}, "vendor must be huawei, h3c or cisco, not 'zte'"),
    ({**SSH, "user": ""}, "user is missing for by: ssh"),
    ({**SSH, "host_key": ""}, "host_key is missing; get it over a line you trust"),
    ({**SSH, "host_key": "SHA256:abc"}, "host_key must be the public key itself, not its fingerprint"),
    ({**SSH, "password": None}, "it is not said how to log in; give password or key_file"),
    ({**SSH, "key_file": "/keys/id"}, "password and key_file are given together"),
    ({**SSH, "password": None, "key_file": "id"}, "key_file must be an absolute path on the worker"),
    ({**SSH, "commands": ["reboot"]}, "commands must begin with display or show and hold words only, not 'reboot'"),
    ({**SSH, "commands": ["show run | redirect tftp"]}, "commands must begin with display or show"),
    ({**V2C, "labels": [" "]}, "labels must hold words only"),
    ({**V2C, "expected": {"interface": ["eth0"]}}, "expected unknown key interface; did you mean interfaces?"),
    ({**V2C, "expected": {"speeds": {"eth0": "fast"}}}, "expected speeds must be a mapping of interfaces to Mb/s, not a mapping"),
    ({**V2C, "limits": {"NET-05c": {"warning": 1}}}, "limits names a limit by check and name, not 'NET-05c'"),
])
def test_each_mistake_of_a_device_is_one_sentence(entry: dict, text: str) -> None:
    with pytest.raises(ValidationError) as refused:
        NetworkDevice(**entry)
    said = [sentence for _, sentence in sentences(refused.value)]
    assert len(said) == 1 and text in said[0] and "geheim" not in str(refused.value), said


def test_checks_with_a_letter_behind_their_number_have_limits_of_their_own() -> None:
    assert NetworkDevice(**V2C, limits={"NET-05c.busy": {"warning": 70}}).limits == {"NET-05c.busy": {"warning": 70.0}}


def test_a_fingerprint_is_taken_as_openssl_writes_it() -> None:
    for written_so in (FINGERPRINT, f"sha256 Fingerprint={FINGERPRINT}", "3f" * 32, f"SHA256:{FINGERPRINT}"):
        assert WebEndpoint(**PAGE, pinned=written_so).pinned == "3f" * 32
    assert WebEndpoint(**{**PAGE, "url": " http://[2001:db8::1]:8080/x?a=1#top "}).url == "http://[2001:db8::1]:8080/x?a=1"


@pytest.mark.parametrize(("other", "text"), [
    ({"url": "orders.bureau.example"}, "url must be a web address with http or https, not 'orders.bureau.example'; write for example url: https://"),
    ({"url": "ftp://u:geheim-123@x/"}, "url must be a web address with http or https"),
    ({"url": "https://u:geheim-123@x/"}, "url must hold no user and no password"),
    ({"url": "https://x:99999/"}, "url must be a web address"),
    ({"url": "https://x/a b"}, "url must be a web address"),
    ({"status": 99}, "status must be a number between 100 and 599"),
    ({"pinned": "3f3f"}, "pinned must be the SHA-256 fingerprint of a certificate, 64 hexadecimal digits, not '3f3f'"),
    ({"ca_file": "ca.pem"}, "ca_file must be an absolute path on the worker"),
    ({"ca_file": "/ca.pem", "url": "http://x/"}, "ca_file has no use with an address of http"),
    ({"ca_file": "/ca.pem", "pinned": FINGERPRINT}, "ca_file and pinned are given together"),
    ({"timeout_s": 0}, "timeout_s must be a number above 0 and at most 120"),
    ({"address": "192.0.2.1"}, "unknown key address"),
])
def test_each_mistake_of_an_endpoint_is_one_sentence(other: dict, text: str) -> None:
    with pytest.raises(ValidationError) as refused:
        WebEndpoint(**{**PAGE, **other})
    said = [sentence for _, sentence in sentences(refused.value)]
    assert len(said) == 1 and text in said[0] and "geheim" not in str(refused.value), said


def test_an_inventory_names_devices_and_endpoints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMMUNITY", "geheim-123")
    monkeypatch.setenv("STANDFAST_INVENTORY", str(written(tmp_path)))
    assert find(NetworkDevice, "core-sw1").secrets() == ["geheim-123"]
    assert find(WebEndpoint, "orders-page").ca_file == str(tmp_path / "ca.pem")
    assert [one.name for kind in (NetworkDevice, WebEndpoint) for one in all_of(kind, "bureau")] == ["core-sw1", "orders-page"]
    assert all_of(NetworkDevice, "other") == ()


@pytest.mark.parametrize(("other", "line", "text"), [
    ({"community": "geheim-123"}, 10, "device core-sw1: community must not stand in the inventory itself; write community: {env: NAME}"),
    ({"expected": "{interfaces: eth0}"}, 11, "device core-sw1: expected interfaces must be a list of words, not 'eth0'"),
    ({"customer": "bureo"}, 14, "endpoint orders-page: no customer is called 'bureo'; did you mean bureau?"),
    ({"url": "orders"}, 15, "endpoint orders-page: url must be a web address"),
    ({"device": "db1"}, 7, "device db1: the name is that of host db1 already (line 5); every target of a customer needs its own"),
    ({"endpoint": "core-sw1"}, 13, "endpoint core-sw1: the name is that of device core-sw1 already (line 7)"),
])
def test_mistakes_are_told_with_their_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, other: dict, line: int, text: str) -> None:
    monkeypatch.setenv("COMMUNITY", "geheim-123")
    with pytest.raises(InventoryFaulty) as refused:
        read_inventory(written(tmp_path, **other))
    assert [m.line for m in refused.value.mistakes] == [line] and text in str(refused.value) and "geheim" not in str(refused.value)
