"""Hosts of one plan that depend on each other: where they find one another, and by which keys they know each other.

Scripts stand word for word in the plan, on a copy as on the real host; addresses and keys differ. So they lie beside the scripts:

    $CHANGE_DIR/peers/key               a private key made on this very host for this change; it never leaves it
    $CHANGE_DIR/peers/NAME/address      the other host, as this one reaches it
    $CHANGE_DIR/peers/NAME/port         its sshd
    $CHANGE_DIR/peers/NAME/known_hosts  its pinned host keys, for -o UserKnownHostsFile with -o HostKeyAlias=NAME
    $CHANGE_DIR/peers/NAME/key.pub      the public half of its key; whether it may log in with it is for a step to say, and to take back

Nothing of it lets anybody in: that needs a step, which the plan shows.
"""

from __future__ import annotations

from shlex import quote

from blocks.host_access import HostAccess
from tasks.remote import connected
from tasks.running import change_folder


def introduce(hosts: list[HostAccess], change: str) -> None:
    """Place on each host what it must know of the others; made once, found again after a crash.

    Raises:
        CommandFailed: no ssh-keygen, or no room.
    """
    keys = {}
    for host in hosts:
        with connected(host) as remote:
            script = f"""set -eu; umask 077; cd {change_folder(change)}; mkdir -p peers
if [ ! -s peers/key.pub ]; then
  rm -f peers/key
  ssh-keygen -q -t ed25519 -N '' -C {quote(f"standfast-{change}-{host.name}")} -f peers/key </dev/null
  sync -f peers
fi
cat peers/key.pub"""
            keys[host.name] = remote.run(script, timeout_s=60).need("making the change's own key", host.name, "生成本变更专用密钥").strip()
    for host in hosts:
        lines = ["set -eu; umask 077", f"cd {change_folder(change)}/peers"]
        for other in hosts:
            if other.name == host.name:
                continue
            address, port = other.for_peers
            known = "\n".join(f"{other.name} {line}" for line in other.host_key.splitlines())
            written = {"address": address, "port": str(port), "known_hosts": known, "key.pub": keys[other.name]}
            lines.append(f"mkdir -p {quote(other.name)}")
            lines += [f"printf '%s\\n' {quote(value)} >{quote(other.name)}/{name}" for name, value in written.items()]
        with connected(host) as remote:
            remote.run("\n".join(lines), timeout_s=60).need("placing the other hosts' addresses and keys", host.name, "放置其他主机的地址与公钥")
