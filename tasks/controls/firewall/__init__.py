"""The packet filter: nftables as the kernel has it, whoever wrote it (firewalld and ufw write there, too), and older iptables."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from tasks.checks.kinds import Unreadable
from tasks.controls.reading import by_kind

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
echo end
"""


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
    """policies: of INPUT, by iptables and ip6tables. listens: address:port."""

    chains: list[Chain]
    tool: bool
    policies: dict[str, str]
    enabled: list[str]
    active: list[str]
    listens: list[str]


def ruleset(output: str) -> Ruleset:
    found = by_kind(output, "nft", "tool", "policy", "last", "enabled", "active", "listens")
    chains: list[Chain] = []
    if found["nft"]:
        try:
            told = json.loads(found["nft"][0])["nftables"]
            rules: dict[tuple, list] = {}
            for one in told:
                if rule := one.get("rule"):
                    rules.setdefault((rule["family"], rule["table"], rule["chain"]), []).append(rule["expr"])
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
    return Ruleset(chains, bool(found["tool"]), policies, found["enabled"], found["active"], found["listens"])


OF_RULESET: dict[str, Any] = {"family": "firewall", "command": RULESET, "parse": ruleset, "source": "nft(8); iptables(8)"}
