"""CFG-16 The rules of sudo are whole, and nobody is root without a password by accident (R132 系统配置检查)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limits, Row, Unreadable, critical, ok, warning, whole
from tasks.checks.lines import until_end, words


def parse(output: str) -> tuple[bool, str, list[str]]:
    """Whether visudo accepts the files; what it says; rules that ask for no password for everything."""
    lines = until_end(output)
    verdict = [line for line in lines if line.startswith("visudo ")]
    if len(verdict) != 1:
        raise Unreadable("visudo said nothing", "visudo 没有输出")
    _, status, said = words(verdict[0] + " -", 3)
    return whole(status, "a status") == 0, said.removesuffix(" -"), [line.removeprefix("rule ") for line in lines if line.startswith("rule ")]


def judge(answer: tuple[bool, str, list[str]], limits: Limits, known: Known) -> Iterator[Row]:
    good, said, rules = answer
    if not good:
        yield critical(f"sudo 的规则有错:{said}", f"the rules of sudo are broken: {said}")
    for rule in rules:
        who = rule.split()[0]
        # The account this very reading comes by has such a rule, mostly; what is new is what matters.
        if known.before_at and f"rule of {who}" not in known.before:
            yield warning(f"{who} 新得到免口令的全部权限", f"{who} newly may do everything without a password", object=f"rule of {who}", evidence=rule)
        else:
            yield ok(f"{who} 免口令拥有全部权限", f"{who} may do everything without a password", object=f"rule of {who}", evidence=rule)
    if good:
        yield ok("sudo 的规则没有语法错误", "the rules of sudo are whole")


CHECK = HostCheck(
    id="CFG-16",
    title=Text(zh="sudo 规则", en="Rules of sudo"),
    chapter="configuration",
    command=r"""
command -v visudo >/dev/null || na "没有安装 sudo" "sudo is not installed"
said=$(visudo -c 2>&1); status=$?
echo "visudo $status $(echo "$said" | head -n 1)"
grep -hsE '^[^#]*NOPASSWD:[[:space:]]*ALL' /etc/sudoers /etc/sudoers.d/* | head -n 50 | sed 's/^/rule /'
echo end
""",
    parse=parse,
    judge=judge,
    objects={"rule of": "规则"},
    remedy=Text(zh="visudo -c 指出的文件与行;与顾客核对免口令规则", en="See file and line in visudo -c; go through the rules with the customer"),
    source="visudo(8), sudoers(5)",
    clause="GB/T 22239-2019 8.1.4.2 d",
)
