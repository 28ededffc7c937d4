"""Reading a database server: what refusals come to, what a lost connection leaves behind, and the tunnel. No server is needed."""

from __future__ import annotations

import socket
import threading
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import paramiko
import pytest
from sqlalchemy.exc import OperationalError

from blocks import DatabaseAccess, HostAccess
from reports.records import Outcome, Text
from tasks import databases
from tasks.checks.catalogue import all_checks, database_checks, limits_for
from tasks.checks.kinds import DatabaseCheck, Known, ok
from tasks.databases import _Answers, _ask, _Lost, _plain, _refused, _rest_unknown, _said_instead, read_database
from tasks.errors import HostKeyRefused
from tasks.remote import disconnect_all, tunnel
from tests.blocks.samples import host, key_pair

ACCESS = {"name": "orders-db", "customer": "bureau", "kind": "postgresql", "user": "inspect", "password": "geheim-123", "tls": "prefer"}


def check(number: str, **more) -> DatabaseCheck:
    text = Text(zh="一", en="one")
    plain = {"id": number, "title": text, "chapter": "running", "kinds": ("postgresql",), "queries": {(12, 0): f"SELECT '{number}'"}, "remedy": text,
             "judge": lambda rows, limits, known: [ok("好", "good")], "source": "here", "needs": "pg_monitor"}
    return DatabaseCheck(**{**plain, **more})


class Refusal(Exception):
    def __init__(self, code: str | int, words: str) -> None:
        super().__init__(*((code, words) if isinstance(code, int) else (words,)))
        if isinstance(code, str):
            self.sqlstate = code


def failure(code: str | int, words: str = "no") -> OperationalError:
    return OperationalError("SELECT secret", None, Refusal(code, words))


class FakeResult:
    def __init__(self, rows: list[dict]) -> None:
        self.rows = rows

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def keys(self):
        return list(self.rows[0]) if self.rows else []

    def fetchmany(self, most: int):
        return [tuple(row.values()) for row in self.rows[:most]]


class FakeConnection:
    """Answers by the text of the question: rows, or a refusal."""

    invalidated = closed = False
    connection = type("Pooled", (), {"driver_connection": None})()

    def __init__(self, answers: dict) -> None:
        self.answers = answers

    def exec_driver_sql(self, text: str):
        said = self.answers.get(text, [])
        if isinstance(said, Exception):
            raise said
        return FakeResult(said)


@pytest.mark.parametrize(("code", "outcome", "words"), [
    ("42501", Outcome.UNKNOWN, "needs pg_monitor"), (1142, Outcome.UNKNOWN, "needs pg_monitor"), ("57014", Outcome.UNKNOWN, "did not end within 15 s"),
    (1969, Outcome.UNKNOWN, "did not end within 15 s"), ("55P03", Outcome.UNKNOWN, "waited for a lock"), ("42P01", Outcome.UNKNOWN, "lacks a view"),
    (1054, Outcome.UNKNOWN, "lacks a view"), ("55000", Outcome.NOT_APPLICABLE, "not in use here"), ("XX000", Outcome.UNKNOWN, "the query failed"),
])
def test_a_refusal_is_never_well(code, outcome, words):
    row = _said_instead(check("PG-90"), failure(code, "so it is, password=geheim-123"), "orders")
    assert (row.outcome, row.object) == (outcome, "orders") and words in row.en and "geheim" not in row.en + row.zh and "SELECT secret" not in row.en


def test_what_an_extension_lacks_is_not_applicable():
    assert _said_instead(check("PG-90", extension="pg_stat_statements"), failure("42P01"), "").outcome is Outcome.NOT_APPLICABLE


def test_one_refused_question_does_not_stop_the_next():
    checks = [check("PG-90"), check("PG-91"), check("PG-92", queries={(16, 0): "SELECT 'new'"})]
    answers = _Answers()
    connection = FakeConnection({"SELECT 'PG-90'": failure("42501"), "SELECT 'PG-91'": [{"a": Decimal("7")}]})
    _ask(DatabaseAccess(**ACCESS), connection, checks, (15, 0), answers, "orders")
    assert answers.rows == {"PG-91": [{"database": "orders", "a": 7}]}
    assert {name: [row.outcome.value for row in rows] for name, rows in answers.instead.items()} == {"PG-90": ["unknown"], "PG-92": ["not applicable"]}


def test_a_lost_connection_leaves_the_rest_unknown():
    checks, answers = [check("PG-90"), check("PG-91"), check("PG-92")], _Answers()
    connection = FakeConnection({"SELECT 'PG-90'": [{"a": 1}], "SELECT 'PG-91'": failure("57P01", "terminating connection")})
    with pytest.raises(_Lost) as lost:
        _ask(DatabaseAccess(**ACCESS), connection, checks, (15, 0), answers, "")
    _rest_unknown(checks, answers, "", str(lost.value))
    assert list(answers.rows) == ["PG-90"]
    assert {name: [row.outcome.value for row in rows] for name, rows in answers.instead.items()} == {"PG-91": ["unknown"], "PG-92": ["unknown"]}


def test_an_answer_that_is_too_long_says_so():
    answers = _Answers()
    _ask(DatabaseAccess(**ACCESS), FakeConnection({"SELECT 'PG-90'": [{"a": n} for n in range(9)]}), [check("PG-90", row_limit=4)], (15, 0), answers, "orders")
    assert len(answers.rows["PG-90"]) == 4 and "more than 4 rows" in answers.instead["PG-90"][0].en


def test_values_are_figures_and_words():
    assert [_plain(value) for value in (Decimal("3"), Decimal("0.5"), b"\xffx", date(2026, 1, 2), timedelta(minutes=1), ["a", Decimal(1)], None)] == \
        [3, 0.5, "�x", "2026-01-02", 60.0, ["a", 1], None]


@pytest.mark.parametrize(("words", "said"), [
    ('connection failed: connection to server at "192.0.2.1", port 5432 failed: FATAL:  password authentication failed for user "inspect"',
     "the login of inspect is refused"),
    ('FATAL:  no pg_hba.conf entry for host "192.0.2.9"', "lets nobody in from this address"),
    ("server does not support SSL, but SSL was required", "does not offer the encryption"),
    ("Connection refused", "cannot be reached"), ("FATAL: sorry, too many clients already", "no connection left"),
    ("certificate verify failed", "certificate is not accepted"),
    ("something new, password=geheim-123", "no session at 127.0.0.1:5432"),
])
def test_why_there_is_no_session_is_one_sentence(words, said):
    refused = _refused(DatabaseAccess(**ACCESS), OperationalError("", None, Refusal("", words)))
    assert said in refused.en and refused.zh and "geheim" not in refused.en + refused.zh


@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
def test_nobody_there(kind):
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    said = []
    read = read_database(DatabaseAccess(**{**ACCESS, "kind": kind, "port": port}), database_checks(kind), {c.id: limits_for(c) for c in all_checks()},
                         lambda name: Known(now=datetime.now(UTC)), said.append)
    assert "cannot be reached" in read.problem.en and read.rows == () and "geheim" not in str(read) + str(said)


def test_a_way_that_is_closed_is_told(monkeypatch):
    monkeypatch.setattr(databases.desk, "host", lambda name: HostAccess(**host(address="127.0.0.1", port=1, key_file=None, private_key=key_pair()[0])))
    read = read_database(DatabaseAccess(**ACCESS, through="db1"), (), {}, lambda name: Known(now=datetime.now(UTC)))
    assert "there is no way through host db1" in read.problem.en


class _Gate(paramiko.ServerInterface):
    """An SSH server that lets everybody through to one port."""

    def __init__(self, there: int) -> None:
        self.there, self.asked = there, []

    def check_auth_publickey(self, username, key):
        return paramiko.AUTH_SUCCESSFUL

    def check_channel_direct_tcpip_request(self, number, origin, destination):
        self.asked.append(destination)
        return paramiko.OPEN_SUCCEEDED if destination[1] == self.there else paramiko.OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED


def _echo(listener: socket.socket) -> None:
    while True:
        try:
            near, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=lambda near=near: [near.sendall(piece) for piece in iter(lambda: near.recv(65536), b"")], daemon=True).start()


def _serve(gate: _Gate, listener: socket.socket, private: str) -> None:
    import io

    sock, _ = listener.accept()
    transport = paramiko.Transport(sock)
    transport.add_server_key(paramiko.Ed25519Key.from_private_key(io.StringIO(private)))
    transport.start_server(server=gate)
    while channel := transport.accept(20):
        far = socket.create_connection(("127.0.0.1", gate.there))
        threading.Thread(target=lambda c=channel, f=far: [f.sendall(p) for p in iter(lambda: c.recv(65536), b"")] or f.close(), daemon=True).start()
        threading.Thread(target=lambda c=channel, f=far: [c.sendall(p) for p in iter(lambda: f.recv(65536), b"")] or c.close(), daemon=True).start()


@pytest.fixture
def gate():
    with closing(socket.create_server(("127.0.0.1", 0))) as echo, closing(socket.create_server(("127.0.0.1", 0))) as sshd:
        threading.Thread(target=_echo, args=(echo,), daemon=True).start()
        there = _Gate(echo.getsockname()[1])
        private, public = key_pair("ed25519", 7)
        threading.Thread(target=_serve, args=(there, sshd, private), daemon=True).start()
        yield there, HostAccess(**host(address="127.0.0.1", port=sshd.getsockname()[1], key_file=None, private_key=key_pair()[0], host_key=public))
        disconnect_all()


def test_the_tunnel_carries_bytes_both_ways_and_is_gone_afterwards(gate):
    there, through = gate
    with tunnel(through, "127.0.0.1", there.there) as (address, port):
        assert address == "127.0.0.1"
        for _ in range(3):
            with socket.create_connection((address, port), timeout=10) as sock:
                sock.sendall(b"x" * 300_000)
                got = 0
                while got < 300_000:
                    got += len(sock.recv(65536))
    assert there.asked == [("127.0.0.1", there.there)] * 3
    with pytest.raises(OSError):
        socket.create_connection((address, port), timeout=2)


def test_a_port_the_host_does_not_open_ends_the_connection(gate):
    there, through = gate
    with tunnel(through, "127.0.0.1", there.there + 1) as place, socket.create_connection(place, timeout=10) as sock:
        assert sock.recv(10) == b""


def test_a_tunnel_needs_the_pinned_key(gate):
    _, through = gate
    through.host_key = key_pair("ed25519", 8)[1]
    with pytest.raises(HostKeyRefused), tunnel(through, "127.0.0.1", 1):
        pass
