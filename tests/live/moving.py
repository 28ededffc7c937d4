"""What tests and measurements of migrations share: two lab hosts made ready, and a client that writes all the time and remembers what was acknowledged."""

from __future__ import annotations

import http.client
import threading
import time
from dataclasses import dataclass, field
from typing import Self

from deployments.lab import Lab, engine, hosts

FILES = "/srv/orders-files"
NEW_HOST = {"acceptance": [], "databases": [], "releases": []}  # what the inventory says of it
# The lab's application only reads; for migrations it takes orders, too: into the database and into a file, and only then answers.
WRITES = '''
    def do_POST(self):
        token = self.rfile.read(int(self.headers["Content-Length"])).decode()
        try:
            self.rows("INSERT INTO orders (customer, item, cents, placed_at) VALUES (1, '" + token + "', 1, now()) RETURNING id")
            with open("/srv/orders-files/taken", "a") as file:
                file.write(token + "\\n")
            self.answer(200, {"taken": token})
        except psycopg2.Error as problem:
            self.answer(503, {"status": "failing", "problem": str(problem).strip()})

    def do_GET(self):
'''


def make_ready(lab: Lab, old: str = "web1", new: str = "web2") -> None:
    """The old host serves orders and takes some; the new one has the software and an empty database server, and neither the application nor its account."""
    lab.must(old, f"""set -e
install -d -o orders -g orders {FILES}
python3 - <<'END'
path = "/srv/orders/releases/1.0.0/orders.py"
text = open(path).read()
open(path, "w").write(text.replace("    def do_GET(self):\\n", {WRITES!r}[1:], 1))
END
echo '*/7 * * * * orders true' >/etc/cron.d/orders
systemctl restart orders; n=0; until curl -fsS http://127.0.0.1/health >/dev/null; do n=$((n + 1)); [ $n -lt 100 ]; sleep 0.2; done""")
    lab.must(new, """set -e
systemctl disable -q --now orders; rm -rf /srv/orders /etc/orders /etc/systemd/system/orders.service; systemctl daemon-reload
rm -f /etc/nginx/sites-enabled/orders /etc/nginx/sites-available/orders; systemctl reload nginx
su postgres -c "psql -q -c 'drop database orders' -c 'drop owned by orders' -c 'drop role orders'"
userdel orders""")


def power_cycle(lab: Lab, name: str) -> None:
    """Power off and on. It need not serve afterwards; it has its address again."""
    before = address_of(lab, name)
    lab.kill(name)
    engine.docker("start", lab.host(name).container)
    end = time.monotonic() + 300
    while not hosts.greets(lab.host(name)) or lab.exec(name, "systemctl is-system-running")[1].strip() not in ("running", "degraded"):
        assert time.monotonic() < end, f"{name} does not come up"
        time.sleep(0.2)
    assert address_of(lab, name) == before, "somebody else took its address meanwhile; run this again"


def address_of(lab: Lab, name: str) -> str:
    return engine.text("inspect", "-f", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", lab.host(name).container)


def facts(lab: Lab, name: str) -> str:
    """What a host is, read without any of our own code."""
    return lab.must(name, """
        dpkg-query -W -f '${Package} ${Version} ${db:Status-Abbrev}\\n'
        find /etc/nginx /etc/postgresql /etc/orders /etc/systemd/system /etc/cron.d /srv /home/ops/.ssh -type f ! -path '*-files/*' \\
          -exec sha256sum {} + 2>/dev/null | sort -k2
        find /etc/systemd/system -type l | sort
        getent passwd; getent group
        systemctl is-active nginx postgresql@15-main orders ssh
        systemctl is-enabled nginx orders
        ls /var/lib/postgresql/15 | grep -v served
        su postgres -c "psql -At -c 'select slot_name from pg_replication_slots' -c 'select rolname from pg_roles' -c 'show max_slot_wal_keep_size'"
        ss -Hltn | awk '{ print $4 }' | sort
        ls -d /var/lib/standfast-door/* 2>/dev/null
        systemctl list-units --all --plain --no-legend 'standfast-*'
        true
    """)


def request(old: str = "web1", new: str = "web2", **changes) -> dict:
    return {"customer": "bureau", "source": old, "destination": new, "services": ["orders.service"], "ahead": ["nginx.service"], "cluster": "15/main",
            "accounts": ["orders"],
            "configuration": ["/srv/orders", "/etc/orders", "/etc/nginx/sites-available", "/etc/nginx/sites-enabled", "/etc/cron.d/orders"],
            "data": [FILES], "front_door": {"file": "/etc/nginx/sites-available/orders", "now": "http://127.0.0.1:8000", "then": "http://@new@:80"},
            "health": "http://127.0.0.1:8000/health", "requester": "张工", "operator": "test", "reason": "更换主机", **changes}


class Beside:
    """Something that goes on in a thread of its own while the block lasts; it ends itself once `self._end` is set."""

    def __enter__(self) -> Self:
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._write, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._end.set()
        self._thread.join(60)

    def _write(self) -> None:
        raise NotImplementedError


@dataclass
class Writer(Beside):
    """Writes through the front door, one order after the other, and remembers which were acknowledged, and how long none was."""

    port: int
    name: str = "w"
    host: str = "127.0.0.1"
    pause_s: float = 0.02
    taken: list[tuple[float, str]] = field(default_factory=list)
    refused: list[tuple[float, str]] = field(default_factory=list)

    def _write(self) -> None:
        count = 0
        while not self._end.is_set():
            count += 1
            token = f"{self.name}-{count}"
            try:
                connection = http.client.HTTPConnection(self.host, self.port, timeout=15)
                connection.request("POST", "/", token)
                good = connection.getresponse().status == 200
                connection.close()
            except OSError:
                good = False
            (self.taken if good else self.refused).append((time.monotonic(), token))
            self._end.wait(self.pause_s)

    def longest_gap_s(self) -> float:
        times = [at for at, _ in self.taken]
        return max((b - a for a, b in zip(times, times[1:], strict=False)), default=0.0)


def lost(lab: Lab, host: str, writer: Writer) -> tuple[set[str], set[str], int]:
    """Acknowledged orders that the host's database does not have, that its file does not have, and how many rows are there twice."""
    acknowledged = {token for _, token in writer.taken}  # before the host is asked: the writer may go on
    rows = lab.must(host, "su postgres -c \"psql -At orders -c \\\"select item from orders where item like '%-%'\\\"\"").split()
    files = set(lab.must(host, f"cat {FILES}/taken").split())
    return acknowledged - set(rows), acknowledged - files, len(rows) - len(set(rows))
