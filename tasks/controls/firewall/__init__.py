"""The packet filter: nftables as the kernel has it, whoever wrote it (firewalld and ufw write there, too), and older iptables."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from reports.records import Text
from tasks.checks.kinds import Known, Row, Unreadable
from tasks.controls.reading import by_kind
from tasks.operations.mend import Mend
from tasks.operations.packet_filter import RIVALS, let_in_only

OURS = ("inet", "standfast")
HARMLESS = ("1", "icmp", "58", "ipv6-icmp")
RULESET = r"""
out=$(nft -j list ruleset 2>&1) && printf 'nft %s\n' "$(printf '%s' "$out" | tr '\n' ' ')"
command -v nft >/dev/null && echo "tool nft"
for t in iptables ip6tables; do
  command -v $t >/dev/null && $t -S 2>/dev/null |
    awk -v t="$t" '/^-P INPUT / { print "policy " t " " $3 } /^-A INPUT .*-j (DROP|REJECT)/ && !/-[sdp] / { print "last " t " " $0 }'
done
for u in nftables firewalld ufw netfilter-persistent iptables; do
  [ "$(systemctl is-enabled "$u" 2>/dev/null)" = enabled ] && echo "enabled $u"
  [ "$(systemctl is-active "$u" 2>/dev/null)" = active ] && echo "active $u"
done
ss -Hltn 2>/dev/null | awk '{ print "listens " $4 }'
ss -Hlun 2>/dev/null | awk '{ print "udp " $4 }'
ss -Hlwn 2>/dev/null | awk '{ print "raw " $4 }'
for u in @rivals@; do
  { systemctl is-active -q "$u" || systemctl is-enabled -q "$u"; } 2>/dev/null && echo "rival $u"
done
echo end
""".replace("@rivals@", " ".join(RIVALS))
EPHEMERAL = 32768  # from here on the kernel gives ports to whoever asks for any


@dataclass(frozen=True)
class Chain:
    """A base chain of nftables at the hook `input`. accepts: what its rules let in without asking for address, port or state."""

    name: str
    family: str
    policy: str
    rules: tuple[list, ...]

    @property
    def drops(self) -> bool:
        """What nothing lets in stays out: by its policy, or by a last rule that asks for nothing."""
        return self.policy == "drop" or bool(self.rules) and all(set(one) <= {"drop", "reject", "counter", "log"} for one in self.rules[-1]) and any(
            set(one) & {"drop", "reject"} for one in self.rules[-1])


@dataclass(frozen=True)
class Ruleset:
    """policies: of INPUT, by iptables and ip6tables. listens: address:port, over TCP; udp: the same. raw: address:protocol of raw sockets.

    ruled: somebody else's rules are in force. rivals: units that rule the packet filter, or need one of their own.
    """

    chains: list[Chain]
    tool: bool
    policies: dict[str, str]
    enabled: list[str]
    active: list[str]
    listens: list[str]
    udp: list[str]
    raw: list[str]
    ruled: bool
    rivals: list[str]


def ruleset(output: str) -> Ruleset:
    found = by_kind(output, "nft", "tool", "policy", "last", "enabled", "active", "listens", "udp", "raw", "rival")
    chains: list[Chain] = []
    ruled = bool(found["last"])
    if found["nft"]:
        try:
            told = json.loads(found["nft"][0])["nftables"]
            rules: dict[tuple, list] = {}
            for one in told:
                if rule := one.get("rule"):
                    rules.setdefault((rule["family"], rule["table"], rule["chain"]), []).append(rule["expr"])
            ruled = ruled or any(of[:2] != OURS for of in rules)
            for one in told:
                if (chain := one.get("chain")) and chain.get("hook") == "input" and chain.get("type") == "filter":
                    of = (chain["family"], chain["table"], chain["name"])
                    chains.append(Chain(" ".join(of), chain["family"], chain.get("policy", "accept"), tuple(rules.get(of, ()))))
        except (ValueError, KeyError, TypeError, AttributeError) as problem:
            raise Unreadable(f"nft's ruleset cannot be read: {type(problem).__name__}", f"nft 规则无法解析:{type(problem).__name__}") from None
    policies = {tool: policy for tool, _, policy in (line.partition(" ") for line in found["policy"])}
    policies |= {line.split()[0]: "DROP" for line in found["last"]}
    if not found["listens"]:
        raise Unreadable("no port that listens is told", "没有列出监听端口")
    return Ruleset(chains, bool(found["tool"]), policies, found["enabled"], found["active"], found["listens"], found["udp"], found["raw"], ruled,
                   found["rival"])


def shut(row: Row, found: Ruleset, known: Known) -> Mend | Text:
    """What listens now is let in and nothing else, unless somebody else rules here or it cannot be told what must be let in."""
    if found.rivals:
        return Text(zh=f"{'、'.join(found.rivals)} 管理包过滤或需要自己的规则，须由人工设定",
                    en=f"{', '.join(found.rivals)} rules the packet filter or needs rules of its own")
    if found.ruled or "DROP" in found.policies.values():
        return Text(zh="已有他人的规则在用，须在其中修改", en="somebody else's rules are in force: change them there")
    tcp, udp = _ports(found.listens), _ports(found.udp)
    if any(port >= EPHEMERAL for port in tcp | udp):
        return Text(zh="有程序监听每次启动都会变的端口，须人工设定",
                    en="something listens on a port that is another after its next start: set the rules by hand")
    if {500, 4500} & udp or any(one.rpartition(":")[2] not in HARMLESS for one in found.raw):
        return Text(zh="有 TCP、UDP 与 ICMP 以外的协议在用，须人工设定",
                    en="protocols beside TCP, UDP and ICMP are in use: set the rules by hand")
    if not tcp:
        return Text(zh="没有可放行的 TCP 端口", en="no port listens over TCP, so our own way in cannot be told")
    return replace(let_in_only(tcp, udp).mend(), packages=() if found.tool else ("nftables",))


def _ports(sockets: Iterable[str]) -> set[int]:
    """Of sockets that can be reached from elsewhere."""
    return {int(port) for address, _, port in (one.rpartition(":") for one in sockets)
            if port.isdigit() and not address.startswith(("127.", "[::1]", "[::ffff:127.")) and not address.endswith("%lo")}


OF_RULESET: dict[str, Any] = {"family": "firewall", "command": RULESET, "parse": ruleset, "source": "nft(8); iptables(8)"}
