"""HW-08a Processor flaws the kernel does not cover (R128 硬件)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limit, Limits, Row, Unreadable
from tasks.checks.lines import listed, pairs


def parse(output: str) -> dict[str, str]:
    """State by flaw."""
    found = pairs(output)
    if not found:
        raise Unreadable("the kernel named no flaw", "内核没有列出漏洞")
    return found


def judge(found: dict[str, str], limits: Limits, known: Known) -> Iterator[Row]:
    bad = [name for name, state in found.items() if state.startswith("Vulnerable")]
    yield Row(limits["open"].grade(len(bad)), f"{len(found)} 个 CPU 漏洞中 {len(bad)} 个没有缓解",
              f"{len(bad)} of {len(found)} processor flaws are not covered", value=len(bad),
              unit="flaws", evidence=listed([f"{name}: {found[name][:80]}" for name in bad]))


CHECK = HostCheck(
    id="HW-08a",
    title=Text(zh="CPU 漏洞缓解", en="Processor flaws"),
    chapter="hardware",
    command=r"""
[ -d /sys/devices/system/cpu/vulnerabilities ] || na "内核不提供此信息(4.15 之前)" "the kernel does not tell (before 4.15)"
for f in /sys/devices/system/cpu/vulnerabilities/*; do [ -r "$f" ] && read -r state <"$f" && echo "${f##*/} $state"; done
echo end
""",
    parse=parse,
    judge=judge,
    limits={"open": Limit(1, None, "flaws", "dev-sec linux-baseline os-12")},
    remedy=Text(zh="更新微码与内核;虚拟机请平台更新", en="Update microcode and kernel; for a virtual machine ask the platform's owner"),
    source="Linux Documentation/admin-guide/hw-vuln",
)
