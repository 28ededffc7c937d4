"""A host before and after its hardening, read without any of our own code: what it says of itself, and whether people can still work with it."""

from __future__ import annotations

import socketserver
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deployments.lab import Lab

# Everything that a hardening may touch. Of logs only owner and mode; what sudo wrote meanwhile stays (docs/security-hardening.md).
STATE = r"""
part() { echo "== $1"; }
part files
pg=/var/lib/postgresql/15/main/postgresql.auto.conf
for place in /etc /usr/share/pam-configs /var/lib/pam /var/cache/debconf /root /home /var/spool/cron /usr/local /boot $pg; do
  if [ -e "$place" ]; then find "$place" -xdev \( -type f -o -type d -o -type l \) -printf '%m %U:%G %y %p %l\n'; fi
done | sort -k 4
for place in /etc /usr/share/pam-configs /var/lib/pam /var/cache/debconf $pg; do
  # debconf's copies of what it held a question earlier follow every package that comes or goes
  if [ -e "$place" ]; then find "$place" -xdev -type f ! -path '/var/cache/debconf/*-old' -exec sha256sum {} +; fi
done | sort -k 2
part logs
find /var/log /var/lib/postgresql /var/lib/mysql -maxdepth 3 ! -name 'sudo.log*' ! -path '/var/log/journal/*' ! -path '*/base/*' ! -path '*/pg_*' \
  -printf '%m %U:%G %p\n' 2>/dev/null | sort -k 3
part sshd
sshd -T | sort
part sudo
sudo -V | grep -v -i time; sudo -l -U ops
part sysctl
own='fs\.(aio-nr|dentry-state|file-nr|inode|quota)|kernel\.(ns_last_pid|random|pty\.nr|pid_max|perf_event_max_sample_rate)'  # what the kernel changes itself
sysctl -a 2>/dev/null | grep -vE "^($own|net\..*(count|_gc_)|net\.netfilter)" | sort
part nft
if command -v nft >/dev/null; then nft list ruleset; fi
part audit
if command -v auditctl >/dev/null; then auditctl -l; auditctl -s | grep -E '^(enabled|backlog_limit|rate_limit) '; fi
part mounts
findmnt -rn -o TARGET,OPTIONS /dev/shm || true
part units
systemctl list-unit-files --no-legend --no-pager | grep -v '^run-' | sort
units=$(systemctl list-unit-files --no-legend --no-pager --type=service,socket,timer | awk '$1 !~ /@\./ { print $1 }' | sort)
printf '%s\n' $units >/run/state-units; systemctl is-active $units | paste -d ' ' /run/state-units -
part postgresql
if id postgres >/dev/null 2>&1; then
  su postgres -c "psql -At -F ' ' -c \"select name, setting, source, sourcefile, sourceline, pending_restart from pg_settings order by name\""
fi
part mariadb
if command -v mariadb >/dev/null; then mariadb -N -e 'show global variables' | grep -viE '^(timestamp|gtid|last_|.*_pos)'; fi
"""


def state(lab: Lab, name: str) -> dict[str, list[str]]:
    """By part, the lines that tell it."""
    found: dict[str, list[str]] = {}
    for line in lab.must(name, STATE, 300).splitlines():
        if line.startswith("== "):
            here = found.setdefault(line[3:], [])
        else:
            here.append(line)
    return found


def altered(before: dict[str, list[str]], after: dict[str, list[str]]) -> dict[str, list[str]]:
    """What is not as it was, by part; empty if all is. Logs that were begun meanwhile are nobody's change."""
    found = {part: [f"- {line}" for line in lines if line not in after[part]] + [f"+ {line}" for line in after[part] if line not in lines and part != "logs"]
             for part, lines in before.items()}
    return {part: lines for part, lines in found.items() if lines}


class LogHost(socketserver.ThreadingTCPServer):
    """A log host, such as the virtual machine reaches it: on this machine."""

    daemon_threads = allow_reuse_address = True

    def __init__(self) -> None:
        self.said: list[str] = []
        super().__init__(("127.0.0.1", 0), _Listening)

    @property
    def address(self) -> str:
        """As QEMU's own network names this machine."""
        return f"10.0.2.2:{self.server_address[1]}"

    def heard(self, words: str, within_s: float = 60) -> bool:
        give_up = time.monotonic() + within_s
        while not any(words in line for line in list(self.said)):
            if time.monotonic() > give_up:
                return False
            time.sleep(0.5)
        return True


class _Listening(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        for line in self.rfile:
            self.server.said.append(line.decode(errors="replace"))


@contextmanager
def log_host() -> Iterator[LogHost]:
    with LogHost() as listening:
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        yield listening
        listening.shutdown()


# A person with a password and no key: PAM's way in.
PERSON = "id colleague >/dev/null 2>&1 || useradd -m -s /bin/bash colleague; echo 'colleague:Right-5ecret' | chpasswd"
ASKED = "echo {password} | setpriv --reuid nobody --clear-groups su colleague -c 'id -un' 2>&1"


def usable(lab: Lab, name: str, folder: Path) -> None:
    """Log-in with a key, root by sudo, a file by sftp there and back, a password, the web page, the databases; each as its users do it."""
    host = lab.host(name)
    known = folder / "known_hosts"
    known.write_text(f"[{host.address}]:{host.port} {host.host_key}\n")
    options = ["-o", f"UserKnownHostsFile={known}", "-o", "StrictHostKeyChecking=yes", "-o", "BatchMode=yes", "-i", host.key_file]

    def ours(*words: str, given: str = "") -> str:
        done = subprocess.run(words, input=given, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, (words, done.stdout, done.stderr)
        return done.stdout

    assert ours("ssh", *options, "-p", str(host.port), f"ops@{host.address}", "sudo -n id -u").strip() == "0"
    (folder / "there").write_text("一二三\n")
    ours("sftp", *options, "-P", str(host.port), "-b", "-", f"ops@{host.address}", given=f"put {folder}/there back\nget back {folder}/back\nrm back\n")
    assert (folder / "back").read_text() == "一二三\n"
    assert "colleague" in lab.must(name, ASKED.format(password="Right-5ecret")).split()
    assert lab.exec(name, ASKED.format(password="wrong"))[0] != 0
    if host.kind in ("web", "vm"):
        ours("curl", "-fsS", "--max-time", "10", f"http://{host.address}:{host.services['http']}/health")
        lab.must(name, """password=$(sed -n 's/^password = //p' /etc/orders/orders.conf)
PGPASSWORD=$password psql -h 127.0.0.1 -U orders -At orders -c 'select count(*) from orders' | grep -qx 5000""")
    if host.kind == "db":
        lab.must(name, "mariadb -N -e 'select count(*) from stock.movement'")
