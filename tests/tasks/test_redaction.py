"""Secrets never reach logs, evidence or reports."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.redaction import _PATTERNS, HIDDEN, redact

SECRET = "Tr0ub4dor&3"


@pytest.mark.parametrize("text", [
    f"password={SECRET}", f"password = '{SECRET}'", f'"password": "{SECRET}"', f"PGPASSWORD={SECRET} psql", f"DB_PASSWORD={SECRET}",
    f"postgresql://orders:{SECRET}@127.0.0.1/orders", f"ALTER ROLE orders PASSWORD '{SECRET}'", f"Authorization: Bearer {SECRET}",
    f"api_key: {SECRET}", f"mysqldump --password {SECRET} orders", f"CREATE USER a IDENTIFIED WITH mysql_native_password BY '{SECRET}'",
    f"Set-Cookie: id={SECRET}; Path=/", f"GET /x?jsessionid={SECRET}&y=1", f"-----BEGIN OPENSSH PRIVATE KEY-----\n{SECRET}\n-----END OPENSSH PRIVATE KEY-----",
    f"-----BEGIN RSA PRIVATE KEY-----\n{SECRET}\ncut off",
])
def test_what_looks_like_a_secret_is_hidden(text):
    assert SECRET not in redact(text)


@pytest.mark.parametrize("text", ["root:$6$abcdefgh$0123456789abcdefghijklmnop:19000:", "x:$y$j9T$abcdefghijklmnop$qrstuvwxyz0123456789:1",
                                  "SCRAM-SHA-256$4096:abcdef==$ghi=:jkl="])
def test_password_hashes_are_hidden(text):
    assert "abcdef" not in redact(text)


@pytest.mark.parametrize("secret", ["eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U", "AKIAIOSFODNN7EXAMPLE"])
def test_tokens_without_a_name_are_hidden(secret):
    assert secret not in redact(f"got {secret} from it")


@pytest.mark.parametrize("line", [
    "username inspect password 7 0822455D0A16", "enable secret 5 0822455D0A16", "tacacs-server key 7 0822455D0A16", "snmp-server community 0822455D0A16 RO",
    "snmp-agent community read cipher 0822455D0A16", "snmp-agent community write 0822455D0A16", "password irreversible-cipher 0822455D0A16",
    "snmp-agent usm-user v3 inspect authentication-mode sha cipher 0822455D0A16"])
def test_what_a_device_shows_of_its_configuration_has_no_secrets(line):
    assert "0822455D0A16" not in redact(line)


def test_every_pattern_is_among_the_signs_that_let_it_be_searched_for():
    samples = [f"-----BEGIN PRIVATE KEY-----\n{SECRET}", f"ftp://a:{SECRET}@b", f"a_Token: {SECRET}", f"PASSPHRASE={SECRET}", f"Api_Key={SECRET}",
               f"IDENTIFIED BY '{SECRET}'", f"Authorization: Basic {SECRET}", f"--api-key={SECRET}", f"Cookie: {SECRET}", f"PHPSESSID={SECRET}",
               f"jsessionid={SECRET}", f"private_key={SECRET}", f"eyJ{'a' * 9}.{'b' * 9}", "ASIA" + "A" * 16, "AKIA" + "A" * 16, "$y$" + "a" * 9,
               "SCRAM-SHA-256$" + "a" * 9, f"community cipher {SECRET}", f"authentication-mode md5 cipher {SECRET}", f"snmp-agent community {SECRET}"]
    for pattern, _ in _PATTERNS:
        assert any(pattern.search(sample) for sample in samples), pattern
    for sample in samples:
        assert HIDDEN in redact(sample), sample


def test_a_key_that_never_ends_hides_only_as_much_as_a_key_is_long():
    text = "-----BEGIN RSA PRIVATE KEY-----\n" + "a line of a log\n" * 3000
    assert redact(text).endswith("a line of a log\n" * 1000)


@pytest.mark.parametrize("line", ["a.a-" * 50_000, "a://" * 50_000, "password " * 20_000, "-----BEGIN " * 20_000, "eyJ" * 60_000, "-eyJ" * 60_000,
                                  "jsessionid" * 20_000,
                                  "Cookie: " * 20_000, "-----BEGIN PRIVATE KEY-----" * 500])
def test_no_line_of_a_log_takes_long(line):
    import time

    began = time.process_time()
    redact(line)
    assert time.process_time() - began < 5


@given(st.text(alphabet=st.characters(blacklist_categories=("Cs",)), min_size=4, max_size=30), st.text(max_size=30), st.text(max_size=30))
def test_given_secrets_are_hidden_wherever_they_stand(secret, before, after):
    assert secret in "[hidden]" or secret not in redact(before + secret + after, [secret]) or secret in redact(before + after, [])


def test_what_is_no_secret_stays():
    text = "Setting up nginx (1.22.1-9+deb12u11) ...\npassword authentication is off\n"
    assert redact(text) == text
