"""Hosts of one plan that depend on each other: where they find one another, and by which keys they know each other.

Scripts stand word for word in the plan, on a copy as on the real host; addresses and keys differ. So they lie beside the scripts:

    $CHANGE_DIR/peers/key               a private key made on this very host for this change; it never leaves it
    $CHANGE_DIR/peers/NAME/address      the other host, as this one reaches it
    $CHANGE_DIR/peers/NAME/port         its sshd
    $CHANGE_DIR/peers/NAME/known_hosts  its pinned host keys, for -o UserKnownHostsFile with -o HostKeyAlias=NAME
    $CHANGE_DIR/peers/NAME/key.pub      the public half of its key; whether it may log in with it is for a step to say, and to take back

Nothing of it lets anybody in: that needs a step, which the plan shows. What one host says of its key is written on another one, so it is believed
only in the one form that a key has; and what was approved is also where the traffic goes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from shlex import quote

from blocks.host_access import HostAccess
from tasks.errors import ProcedureError
from tasks.remote import connected
from tasks.running import change_folder


def ways(hosts: Iterable[HostAccess]) -> dict[str, str]:
    """Where each host is for the others, by name: address and sshd's port, as "[192.0.2.7]:22"."""
    return {host.name: "[{}]:{}".format(*host.for_peers) for host in hosts}


def key_of(host: str, change: str, said: str) -> str:
    """The public key that this host made for the change, from what it says.

    Raises:
        ProcedureError: it is anything but one such key, alone, with the change's own mark.
    """
    if not re.fullmatch(rf"ssh-ed25519 [A-Za-z0-9+/=]+ {re.escape(_mark(host, change))}", said):
        raise ProcedureError(f"{host} does not say the key it made for {change}, but something else; nobody is let in by that. Look at who has root there",
                             f"{host} 返回的内容不是它为 {change} 生成的公钥，拒绝据此授权；请查明该主机 root 权限由何人掌握")
    return said


def _mark(host: str, change: str) -> str:
    return f"standfast-{change}-{host}"


def introduce(hosts: list[HostAccess], change: str, approved: Mapping[str, str] | None = None) -> None:
    """Place on each host what it must know of the others; made once, found again after a crash.

    approved: where each host is for the others by the plan; None: on copies, whose addresses nobody approves.

    Raises:
        CommandFailed: no ssh-keygen, or no room.
        ProcedureError: a host is elsewhere by now than what was approved, or says something else than its key.
    """
    for name, now in ways(hosts).items():
        if approved is not None and approved.get(name, now) != now:
            raise ProcedureError(f"By the approved plan the other hosts reach {name} at {approved[name]}, by the inventory now at {now}; plan anew",
                                 f"已批准方案中其他主机经 {approved[name]} 连接 {name}，而台账现为 {now}；请重新制定方案")
    keys = {}
    for host in hosts:
        with connected(host) as remote:
            script = f"""set -eu; umask 077; cd {change_folder(change)}; mkdir -p peers
if [ ! -s peers/key.pub ]; then
  rm -f peers/key
  ssh-keygen -q -t ed25519 -N '' -C {quote(_mark(host.name, change))} -f peers/key </dev/null
  sync -f peers
fi
cat peers/key.pub"""
            said = remote.run(script, timeout_s=60).need("making the change's own key", host.name, "生成本变更专用密钥")
            keys[host.name] = key_of(host.name, change, said.removesuffix("\n"))
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
