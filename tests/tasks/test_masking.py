"""Secrets are found, re-keyed and never kept (R174)."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.sandbox.masking import (
    Replacements,
    Role,
    StreamMask,
    find_secrets,
    lock_passwords,
    make_verifier,
    mask_text,
    password_fits,
    rekey_roles,
    strong,
)

SECRET = "Zk3-vq9Lx0pT"


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/etc/app/app.env", f"DB_PASSWORD={SECRET}\n"),
        ("/etc/app/app.env", f'export PGPASSWORD="{SECRET}"\n'),
        ("/etc/app/app.env", f"DB_PASS={SECRET}\ndbpass={SECRET}\n"),
        ("/etc/app/app.ini", f"[db]\npassword = {SECRET}\n"),
        ("/etc/app/app.yaml", f"db:\n  password: {SECRET}\n"),
        ("/etc/app/app.yaml", f"db: {{user: app, password: '{SECRET}'}}\n"),
        ("/etc/app/app.json", f'{{"apiKey": "{SECRET}", "port": 1}}'),
        ("/srv/www/config.php", f"<?php define('DB_PASSWORD', '{SECRET}'); $c = ['password' => '{SECRET}'];"),
        ("/etc/tomcat10/context.xml", f'<Resource username="u" password="{SECRET}" />'),
        ("/opt/m2/settings.xml", f"<server><password>{SECRET}</password></server>"),
        ("/etc/app/x.properties", f"spring.datasource.password={SECRET}\n"),
        ("/etc/app/x.conf", f"url = postgresql://orders:{SECRET}@127.0.0.1:5432/orders\n"),
        ("/etc/app/x.conf", f"url = redis://:{SECRET}@127.0.0.1\n"),
        ("/etc/app/x.conf", f"dsn = host=db user=orders password={SECRET} dbname=orders\n"),
        ("/etc/app/x.conf", f"jdbc:postgresql://db/orders?user=o&password={SECRET}&ssl=true\n"),
        ("/etc/redis/redis.conf", f"requirepass {SECRET}\n"),
        ("/etc/haproxy/haproxy.cfg", f"  user admin insecure-password {SECRET}\n"),
        ("/root/.pgpass", f"db:5432:orders:app:{SECRET}\n"),
        ("/root/.netrc", f"machine a login b password {SECRET}\n"),
        ("/etc/nginx/sites-enabled/x", f'proxy_set_header Authorization "Bearer {SECRET}";\n'),
        ("/etc/systemd/system/x.service", f"[Service]\nEnvironment=TOKEN={SECRET}\n"),
        ("/srv/orders/app.py", f'PASSWORD = "{SECRET}"\n'),
    ],
)
def test_a_secret_is_replaced_in_every_form(path, text):
    masked, names = mask_text(path, text, Replacements())
    assert SECRET not in masked and names
    assert len(masked) == len(text), "the length stays"


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/etc/ssh/sshd_config", "PasswordAuthentication no\nPermitRootLogin prohibit-password\n"),
        (
            "/etc/app/app.env",
            "DB_PASSWORD=$OTHER\nDB_PASSWORD=${OTHER}\nPASSWORD_FILE=/run/secrets/x\nTOKEN_TTL=3600\npassword=\n",
        ),
        ("/etc/postgresql/15/main/pg_hba.conf", '# "md5", "password", "scram-sha-256", "gss", "sspi" or "cert".\n'),
        ("/etc/sudoers.d/ops", "ops ALL=(ALL:ALL) NOPASSWD: ALL\n"),
        ("/etc/nginx/nginx.conf", "bypass = on\npassive: yes\nproxy_pass=http://127.0.0.1\n"),
        ("/etc/systemd/system/x.service", "LoadCredential=db:/etc/x/db\n"),
        ("/etc/mysql/my.cnf", "validate_password.policy=MEDIUM\nmax_tokens: 4096\n"),
        ("/etc/nsswitch.conf", "passwd:         files systemd\n"),
        (
            "/srv/orders/app.py",
            "password = os.environ['X']\ntoken = request.headers.get('X')\ndef f(password: str = 'none'): ...\n",
        ),
        ("/srv/orders/app.js", "const token = props.token; el.type = 'password';\n"),
        ("/etc/nginx/nginx.conf", "server_tokens off;\nproxy_pass http://127.0.0.1:8000;\n"),
        ("/etc/postgresql/15/main/postgresql.conf", "password_encryption = scram-sha-256\n"),
    ],
)
def test_what_is_no_secret_stays(path, text):
    assert mask_text(path, text, Replacements())[0] == text


def test_one_value_has_one_replacement_in_all_files_and_for_the_role():
    """Otherwise the application in the copy could not reach its own database."""
    value = "p@ss/W0rd-77"
    made = Replacements()
    env, _ = mask_text("/etc/a.env", f"DB_PASSWORD='{value}'\n", made)
    url, _ = mask_text("/etc/b.conf", "dsn=postgresql://o:p%40ss%2FW0rd-77@h/db\n", made)
    new = made.of(value)
    assert new in env and new.replace("@", "%40").replace("/", "%2F") in url
    sql, said = rekey_roles(
        [
            Role("orders", make_verifier("SCRAM", "orders", value)),
            Role("old", make_verifier("md5", "old", "other-one")),
            Role("peer", ""),
        ],
        made,
    )
    assert value not in sql and new not in sql
    verifiers = [line.split("'")[1] for line in sql.splitlines() if line.startswith("ALTER ROLE")]
    assert password_fits(verifiers[0], "orders", new) and verifiers[1].startswith("md5") and len(verifiers) == 2
    assert [line.en for line in said] == ["database role orders: as in the masked files", "database role old: a random password"]


def test_the_verifier_of_postgresql_itself_is_recognised():
    """RFC 7677's own example, written as PostgreSQL writes it; the md5 one is PostgreSQL's documentation's rule."""
    verifier = "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:"
    verifier += "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
    assert password_fits(verifier, "user", "pencil") and not password_fits(verifier, "user", "Pencil")
    assert password_fits("md507159c47ee1b19ae4fb9c40d480856c4", "a", "b") and not password_fits(
        "md507159c47ee1b19ae4fb9c40d480856c4", "b", "a"
    )
    assert not password_fits("nonsense", "a", "b")


@given(st.text(min_size=1, max_size=40))
def test_a_replacement_is_as_long_and_never_the_same(value):
    made = Replacements(random.Random(1))
    new = made.of(value)
    assert len(new) == len(value) and made.of(value) == new
    if any(c.isascii() and c.isalnum() for c in value) and "\\" not in value and "%" not in value and "&" not in value:
        assert new != value


@given(st.binary(max_size=300), st.lists(st.integers(1, 60), max_size=12), st.lists(st.integers(0, 300), max_size=5))
def test_a_stream_is_masked_wherever_it_is_cut(noise, cuts, places):
    old, new = b"Zk3vq9Lx0pTs", b"Ab1cd2Ef3gHi"
    content = bytearray(noise)
    for place in sorted(places, reverse=True):
        at = min(place, len(content))
        content[at:at] = old
    whole = bytes(content)
    mask, out, at = StreamMask([(old, new)]), b"", 0
    for cut in cuts + [len(whole)]:
        out += mask.feed(whole[at : at + cut])
        at += cut
    out += mask.feed(whole[at:]) + mask.close()
    assert out == whole.replace(old, new) and old not in out


def test_a_hexadecimal_key_stays_hexadecimal_and_a_number_a_number():
    made = Replacements()
    assert int(made.of("00ff17ab99cd3e4f"), 16) >= 0
    assert made.of("12345678").isdigit() and not made.of("12345678").startswith("0")


def test_escapes_in_a_quoted_value_stay_whole():
    import json

    text = json.dumps({"password": 'a"b\\c\u00e9\n9Xyz'})
    masked, _ = mask_text("/etc/a.json", text, Replacements())
    assert json.loads(masked)["password"] != json.loads(text)["password"]


def test_a_weak_value_is_replaced_where_it_is_assigned_only():
    masked, _ = mask_text("/etc/a.env", "DB_USER=orders\nDB_PASSWORD=orders\n", Replacements())
    assert masked.startswith("DB_USER=orders\nDB_PASSWORD=") and not masked.endswith("=orders\n")
    assert not strong("orders") and not strong("scram-sha-256") and not strong("postgresql-15") and strong(SECRET)
    assert Replacements(values={"orders": "abcdef"}).strong_pairs == ()


def test_hashes_are_locked_and_the_login_by_key_stays_open():
    shadow = "root:$y$j9T$abc$def:19000:0:99999:7:::\napp:!:19000::::::\nops:$6$x$y:1:0:30:7::2:\nopen::1::::::\n"
    locked = lock_passwords(shadow, "ops")
    assert "$y$" not in locked and "$6$" not in locked
    assert [line.split(":")[1] for line in locked.splitlines()] == ["!", "!", "*", "!"]


def test_names_are_told_but_never_values():
    _, names = mask_text("/etc/a.env", f"DB_PASSWORD={SECRET}\n", Replacements())
    assert names == ("DB_PASSWORD",)


@given(st.text(max_size=400))
def test_any_text_can_be_read(text):
    spans = [(hit.start, hit.end) for hit in find_secrets("/etc/x", text)]
    assert all(0 <= a < b <= len(text) for a, b in spans) and all(a[1] <= b[0] for a, b in zip(spans, spans[1:], strict=False))
