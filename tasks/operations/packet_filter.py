"""The packet filter: one table of our own in nftables that drops what it does not know, now and after every start. Describes a file and runs nothing.

A wrong rule shuts everybody out. So it is loaded only if it lets in everything that listens at that moment, sshd above all, and where nobody else rules.
No ruleset is ever flushed: only our own table comes and goes. Hardening carries it out under a guard of the host.
"""

from __future__ import annotations

from collections.abc import Iterable

from tasks.operations.file_lines import FileLines, Line

FILE = "/etc/nftables.conf"  # what nftables.service loads, and where people look
RIVALS = ("firewalld", "ufw", "netfilter-persistent", "iptables", "ip6tables", "docker", "containerd", "podman", "libvirtd", "virtqemud", "lxc-net",
          "kubelet", "k3s", "keepalived", "pacemaker", "corosync", "strongswan", "ipsec", "fail2ban", "shorewall", "crowdsec-firewall-bouncer")

_WORDS = r"""# every port that something listens on, but for loopback and for ports that are given anew at every start
listening() {
  ss -Hln "$1" | awk '{ print $4 }' | grep -vE '^(127\.|\[::1\]|\[::ffff:127\.|[^ ]*%lo:)' | sed 's/.*://' | sort -nu
}
ours() { nft -s list table inet standfast 2>/dev/null; }
others_rules() { nft list ruleset | awk '$1 == "table" { mine = $2 == "inet" && $3 == "standfast"; next } mine { next } $1 == "chain" { inside = 1; next }
  inside && $1 == "}" { inside = 0; next } inside && $1 != "type" && NF { n++ } END { print n + 0 }'; }
lets_in() {  # protocol, port
  wanted | grep -qE "^[[:space:]]+$1 dport \{ ([0-9]+, )*$2(, [0-9]+)* \} accept" || { echo "port $2/$1 listens and would be shut; plan again" >&2; return 1; }
}
lets_all_in() {
  for port in $(listening -t); do lets_in tcp "$port" || return 1; done
  for port in $(listening -u); do if [ "$port" -lt 32768 ]; then lets_in udp "$port" || return 1; fi; done  # above are sockets of those who ask
  for port in $(sshd -T 2>/dev/null | sed -n 's/^port //p'); do lets_in tcp "$port" || return 1; done
}
"""
_REFUSE = rf"""command -v nft >/dev/null || {{ echo "nftables is not installed" >&2; exit 1; }}
for unit in {" ".join(RIVALS)}; do
  if systemctl is-active -q "$unit" || systemctl is-enabled -q "$unit" 2>/dev/null; then
    echo "$unit rules the packet filter here, or needs rules of its own" >&2; exit 1
  fi
done
[ "$(others_rules)" = 0 ] || {{ echo "somebody else's rules are in force; only one may rule" >&2; exit 1; }}
if [ -s /proc/net/ip_tables_names ] || [ -s /proc/net/ip6_tables_names ]; then echo "iptables is in use here" >&2; exit 1; fi
if [ -e /proc/net/ip_vs ] && [ "$(wc -l </proc/net/ip_vs)" -gt 3 ]; then echo "this host shares out connections (IPVS)" >&2; exit 1; fi
[ "$(systemctl show -p LoadState --value nftables)" = loaded ] || {{ echo "nftables.service cannot be started here" >&2; exit 1; }}
# a file that people have written is theirs
if [ -e "$file" ] && ! grep -qxF "table inet standfast" "$file"; then
  [ "$(md5sum <"$file" | cut -d ' ' -f 1)" = "$(dpkg-query -W -f '${{Conffiles}}\n' nftables | awk -v f="$file" '$1 == f {{ print $2 }}')" ] ||
    {{ echo "$file was changed by hand; put the rules there" >&2; exit 1; }}
fi
lets_all_in
"""
_SAVE = r"""ours >"$SAVED/table" || rm -f "$SAVED/table"
systemctl is-enabled nftables >"$SAVED/enabled" 2>/dev/null || :
"""
_LOAD = r"""nft -c -f "$file" && lets_all_in || exit 1
if ! nft -f "$file" || ! systemctl enable --quiet nftables; then back; exit 1; fi
"""
_BACK = r"""nft delete table inet standfast 2>/dev/null || :
if [ -e "$SAVED/table" ]; then nft -f "$SAVED/table"; fi
if [ "$(cat "$SAVED/enabled")" != "$(systemctl is-enabled nftables 2>/dev/null)" ]; then
  if [ "$(cat "$SAVED/enabled")" = disabled ]; then systemctl disable --quiet nftables; fi
fi
"""
_IS_BACK = r"""if [ -e "$SAVED/table" ]; then ours | cmp - "$SAVED/table"; elif ours >/dev/null; then echo "the table is still there" >&2; exit 1; fi
now=$(systemctl is-enabled nftables 2>/dev/null || :)
[ "$now" = "$(cat "$SAVED/enabled")" ] || { echo "nftables is $now at start-up" >&2; exit 1; }
"""
_IN_FORCE = r"""nft list chain inet standfast input 2>/dev/null | grep -q 'policy drop' || { echo "the table is not in force" >&2; exit 1; }
[ "$(systemctl is-enabled nftables)" = enabled ] || { echo "nftables is not started with the machine" >&2; exit 1; }
"""


def let_in_only(tcp: Iterable[int], udp: Iterable[int]) -> FileLines:
    """Only connections to these ports, and what every host needs. Undo: the file, the table and the unit as they were."""
    def ports(protocol: str, numbers: Iterable[int]) -> list[str]:
        listed = ", ".join(str(port) for port in sorted(set(numbers)))
        return [f"\t\t{protocol} dport {{ {listed} }} accept"] if listed else []

    text = [
        "#!/usr/sbin/nft -f", "# by Standfast: what is not let in here is dropped. One table of its own; nothing else is touched.",
        "table inet standfast", "delete table inet standfast", "table inet standfast {", "\tchain input {",
        "\t\ttype filter hook input priority filter; policy drop;",
        "\t\tct state established,related accept",
        "\t\tiif \"lo\" accept",
        "\t\tmeta l4proto { icmp, ipv6-icmp, igmp } accept",
        *ports("tcp", tcp), *ports("udp", udp),
        # without this, what was connected before the filter came would hang until this side speaks
        "\t\ttcp flags & (syn | ack | rst) == ack accept comment \"connected before\"",
        "\t}", "}"]
    return FileLines(
        FILE, tuple(Line(f"{number}", line) for number, line in enumerate(text)), whole=True, mode="755",
        refuse=_WORDS + _REFUSE, save=_WORDS + _SAVE,
        test=_WORDS + "back() {\n" + _BACK + "}\n" + _LOAD,
        put_back=_WORDS + _BACK, in_force=_WORDS + _IN_FORCE, is_back=_WORDS + _IS_BACK, on_copy=False,
        touches=("nftables.service", "/etc/systemd/system/sysinit.target.wants/nftables.service"))
