"""Secrets never reach logs, evidence or reports."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.redaction import redact

SECRET = "Tr0ub4dor&3"


@pytest.mark.parametrize("text", [
    f"password={SECRET}", f"password = '{SECRET}'", f'"password": "{SECRET}"', f"PGPASSWORD={SECRET} psql", f"DB_PASSWORD={SECRET}",
    f"postgresql://orders:{SECRET}@127.0.0.1/orders", f"ALTER ROLE orders PASSWORD '{SECRET}'", f"Authorization: Bearer {SECRET}",
    f"api_key: {SECRET}", f"-----BEGIN OPENSSH PRIVATE KEY-----\n{SECRET}\n-----END OPENSSH PRIVATE KEY-----",
    f"-----BEGIN RSA PRIVATE KEY-----\n{SECRET}\ncut off",
])
def test_what_looks_like_a_secret_is_hidden(text):
    assert SECRET not in redact(text)


@pytest.mark.parametrize("text", ["root:$6$abcdefgh$0123456789abcdefghijklmnop:19000:", "x:$y$j9T$abcdefghijklmnop$qrstuvwxyz0123456789:1",
                                  "SCRAM-SHA-256$4096:abcdef==$ghi=:jkl="])
def test_password_hashes_are_hidden(text):
    assert "abcdef" not in redact(text)


@given(st.text(alphabet=st.characters(blacklist_categories=("Cs",)), min_size=4, max_size=30), st.text(max_size=30), st.text(max_size=30))
def test_given_secrets_are_hidden_wherever_they_stand(secret, before, after):
    assert secret in "[hidden]" or secret not in redact(before + secret + after, [secret]) or secret in redact(before + after, [])


def test_what_is_no_secret_stays():
    text = "Setting up nginx (1.22.1-9+deb12u11) ...\npassword authentication is off\n"
    assert redact(text) == text
