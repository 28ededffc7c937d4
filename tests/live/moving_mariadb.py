"""Two lab hosts made ready for a move of MariaDB, and a client that writes to whichever lets it and remembers what was acknowledged."""

from __future__ import annotations

import subprocess
import time
from dataclasses import dataclass, field

from deployments.lab import Lab
from tests.live.moving import Beside

PORT = 8000
PASSWORD = "Kiosk-4711-Lager"
# What the service is here: it answers how many movements there are, and writes one itself now and then.
SERVICE = f'''
import http.server, subprocess
def sql(text):
    return subprocess.run(["mariadb", "--defaults-file=/srv/stock/my.cnf", "-N", "-e", text, "stock"], capture_output=True, text=True)
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        done = sql("select count(*) from movement")
        self.send_response(200 if done.returncode == 0 else 503)
        self.end_headers()
        self.wfile.write(done.stdout.encode() + done.stderr.encode())
http.server.HTTPServer(("127.0.0.1", {PORT}), Answer).serve_forever()
'''
UNIT = """[Unit]
After=mariadb.service
[Service]
ExecStart=/usr/bin/python3 /srv/stock/stock.py
Restart=on-failure
[Install]
WantedBy=multi-user.target
"""
# What a copy of the data must bring besides rows: accounts, a routine, a view, a trigger, an event that is awake, a sequence, numbers that text would round.
SCHEMA = f"""
create user 'shop'@'%' identified by '{PASSWORD}'; grant all on stock.* to 'shop'@'%';
use stock;
create table ledger (token varchar(60) primary key, weight float, at timestamp(6) default current_timestamp(6)) engine=innodb;
create table ticks (id bigint auto_increment primary key, place int) engine=innodb;
create sequence numbers start with 10 increment by 1 cache 5;
create view heavy as select token from ledger where weight > 1000;
create function twice(n int) returns int deterministic return 2 * n;
create trigger ledger_weight before insert on ledger for each row set new.weight = coalesce(new.weight, 1234567 + rand());
create event tick on schedule every 1 second do insert into stock.ticks (place) values (@@server_id);
set global event_scheduler = ON;
"""


def make_ready(lab: Lab, old: str = "db1", new: str = "db2") -> None:
    """The old host serves a stock with an event that writes; the new one has the software and an empty server."""
    lab.must(old, f"""set -e
printf '[mariadbd]\\nevent_scheduler = ON\\n' >/etc/mysql/mariadb.conf.d/70-stock.cnf
mkdir -p /srv/stock
cat >/srv/stock/stock.py <<'END'
{SERVICE}END
printf '[client]\nuser = shop\npassword = {PASSWORD}\nprotocol = tcp\nhost = 127.0.0.1\n' >/srv/stock/my.cnf
cat >/etc/systemd/system/stock.service <<'END'
{UNIT}END
mariadb <<'END'
{SCHEMA}END
systemctl daemon-reload; systemctl enable -q --now stock
n=0; until curl -fsS http://127.0.0.1:{PORT}/; do n=$((n + 1)); [ $n -lt 100 ]; sleep 0.2; done""")
    lab.must(new, "mariadb -e 'drop database stock'")


def request(old: str = "db1", new: str = "db2", **changes) -> dict:
    return {"customer": "bureau", "source": old, "destination": new, "services": ["stock.service"], "mariadb": True, "configuration": ["/srv/stock"],
            "health": f"http://127.0.0.1:{PORT}/", "afterwards": ["改 DNS 记录"], "requester": "张工", "operator": "test", "reason": "更换主机", **changes}


class Client:
    """A shell inside a host that stays, so that a write costs no new process of the engine's."""

    def __init__(self, lab: Lab, name: str) -> None:
        self._shell = subprocess.Popen(["docker", "exec", "-i", lab.host(name).container, "sh"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                       stderr=subprocess.DEVNULL, text=True)

    def write(self, token: str) -> bool:
        self._shell.stdin.write(f"timeout 10 mariadb --user=shop --password={PASSWORD} --protocol=tcp --host=127.0.0.1 --connect-timeout=3 stock "
                                f"-e \"insert into ledger (token) values ('{token}')\" >/dev/null 2>&1; echo $?\n")
        self._shell.stdin.flush()
        return self._shell.stdout.readline().strip() == "0"

    def end(self) -> None:
        self._shell.stdin.close()
        self._shell.wait(30)


@dataclass
class Writer(Beside):
    """One row after the other, on the host that takes it; hosts: asked in this order. taken: (seconds, token, host)."""

    lab: Lab
    hosts: tuple[str, ...] = ("db1", "db2")
    name: str = "w"
    taken: list[tuple[float, str, str]] = field(default_factory=list)
    refused: int = 0

    def _write(self) -> None:
        clients, count = {host: Client(self.lab, host) for host in self.hosts}, 0
        while not self._end.is_set():
            for host, client in clients.items():
                count += 1
                if client.write(token := f"{self.name}-{count}"):
                    self.taken.append((time.monotonic(), token, host))
                    break
                self.refused += 1
            self._end.wait(0.02)
        for client in clients.values():
            client.end()

    def goes_on(self, host: str) -> bool:
        """Whether further rows are acknowledged by this host."""
        def count() -> int:
            return sum(at == host for _, _, at in self.taken)

        before, end = count(), time.monotonic() + 90
        while count() < before + 3 and time.monotonic() < end:
            time.sleep(0.2)
        return count() >= before + 3


def lost(lab: Lab, host: str, *writers: Writer) -> set[str]:
    """Acknowledged rows that the host does not have; the key makes twice impossible."""
    acknowledged = {token for writer in writers for _, token, _ in writer.taken}  # before the rows are read: they go on writing
    return acknowledged - set(lab.must(host, "mariadb -N stock -e 'select token from ledger'").split())
