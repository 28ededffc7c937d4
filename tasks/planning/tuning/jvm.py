"""Options of Java services: what they run with, whether Java takes the new ones, and what becomes of them. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from shlex import quote

from reports.records import SettingChange, Survey, Text
from tasks.operations.java_option import set_options
from tasks.planning.tuning.kinds import System, Tuned, bytes_of, fits, refused
from tasks.requests import SettingWish
from tasks.sections import Answer, Part

SHARE = 0.8  # of the memory, at most, for a heap
VARIABLES = ("JAVA_OPTS", "CATALINA_OPTS", "JAVA_TOOL_OPTIONS")
SIZES = ("-Xmx", "-Xms", "-Xss", "-Xmn")
VALUE = re.compile(r"[A-Za-z0-9._:/%,+=-]+")


def option_of(wish: SettingWish) -> tuple[str, str]:
    """The kind of option as a pattern, and the option itself. Raises BlockersFound for what is none."""
    name, value = wish.name, wish.value.strip()
    if not VALUE.fullmatch(value):
        raise refused(f"{name} = {value} has signs that options of Java cannot have here", f"{name} = {value} 含有 Java 选项不允许的字符")
    if name in SIZES:
        return re.escape(name) + "[0-9]", name + value
    if found := re.fullmatch(r"-XX:([A-Za-z0-9]+)", name):
        if value.lower() in ("on", "off"):
            return f"-XX:[+-]{found[1]}$", f"-XX:{'+' if value.lower() == 'on' else '-'}{found[1]}"
        return f"-XX:{found[1]}=", f"-XX:{found[1]}={value}"
    if re.fullmatch(r"-D[A-Za-z0-9_.-]+", name):
        return re.escape(name).replace(r"\-", "-") + "=", f"{name}={value}"
    raise refused(f"{name} is no option of Java that is set here; write it as -Xmx, -XX:MaxGCPauseMillis, -XX:UseParallelGC (on or off) or -Dname",
                  f"{name} 不是可设置的 Java 选项；写法如 -Xmx、-XX:MaxGCPauseMillis、-XX:UseParallelGC（on 或 off）、-D名称")


def facts(wishes: Sequence[SettingWish], survey: Survey) -> list[Part]:
    units = list(dict.fromkeys(_unit(wish) for wish in wishes))
    return [_part(unit, [option_of(wish) for wish in wishes if _unit(wish) == unit]) for unit in units]


def _unit(wish: SettingWish) -> str:
    if not wish.at:
        raise refused(f"{wish.name}: say which service unit is meant, for example tomcat10.service", f"{wish.name}：请指明服务单元，例如 tomcat10.service")
    if not re.fullmatch(r"[A-Za-z0-9@_.-]+", wish.at):
        raise refused(f"“{wish.at}” is no name of a service unit", f"“{wish.at}”不是服务单元名")
    return wish.at if wish.at.endswith(".service") else f"{wish.at}.service"


def _part(unit: str, options: Sequence[tuple[str, str]]) -> Part:
    kinds = "|".join(kind for kind, _ in options)
    new = " ".join(quote(option) for _, option in options)
    short = unit.removesuffix(".service")
    return Part(f"jvm-{short}", f"""unit={quote(unit)}
for pid in $(cat /proc/[0-9]*/stat 2>/dev/null | awk '$2 == "(java)" {{ print $1 }}'); do
  if grep -q "/$unit\\$" "/proc/$pid/cgroup" 2>/dev/null; then java=$(readlink "/proc/$pid/exe"); at=$pid; fi
done
[ -n "${{at:-}}" ] || {{ echo "no Java runs in $unit"; exit 3; }}
tr '\\000' '\\n' <"/proc/$at/cmdline" | sed 1d | sed 's/^/has /'
for file in $(systemctl show -p EnvironmentFiles --value "$unit" | sed 's/ (ignore.*//') /etc/default/{short} /etc/sysconfig/{short}; do
  [ -f "$file" ] || continue
  grep -nE '^[[:space:]]*(export[[:space:]]+)?({"|".join(VARIABLES)})=' "$file" | sed "s|^|line $(readlink -f "$file") |"
done | sort -u
# what Java itself makes of them, beside the options that it has now; no program is started
set --
for option in $(tr '\\000' '\\n' <"/proc/$at/cmdline" | grep -E '^-(X|XX:)' | grep -vE {quote(f"^({kinds})")}); do set -- "$@" "$option"; done
if said=$(runuser -u nobody -- "$java" "$@" {new} -XX:+PrintFlagsFinal -version 2>&1); then
  echo taken
  printf '%s\\n' "$said" | awk '$3 == "=" && $2 ~ /^[A-Z]/ {{ print "flag", $2, $4 }}' | grep -E ' (MaxHeapSize|InitialHeapSize|ThreadStackSize|NewSize) '
else echo "refused $(printf '%s\\n' "$said" | grep -v '^Picked up' | head -n 1 | cut -c1-200)"; fi""", 60)


def tune(wishes: Sequence[SettingWish], answers: Mapping[str, Answer], survey: Survey) -> list[Tuned]:
    units = list(dict.fromkeys(_unit(wish) for wish in wishes))
    found = [_tuned(unit, [wish for wish in wishes if _unit(wish) == unit], answers.get(f"jvm-{unit.removesuffix('.service')}"), survey) for unit in units]
    return [one for one in found if one]


def _tuned(unit: str, wishes: Sequence[SettingWish], answer: Answer | None, survey: Survey) -> Tuned | None:
    if answer is None or answer.exit_code:
        why = (answer.lines[-1] if answer and answer.lines else "")[:200]
        raise refused(f"the Java service {unit} of {survey.target} cannot be read ({why}); nothing is planned",
                      f"{survey.target} 上的 Java 服务 {unit} 无法读取（{why}）；不编制方案")
    lines = [line.partition(" ") for line in answer.lines]
    has = [text for word, _, text in lines if word == "has"]
    options = {wish.name: option_of(wish) for wish in wishes}
    if refusal := next((text for word, _, text in lines if word == "refused"), None):
        asked = ", ".join(option for _, option in options.values())
        raise refused(f"Java does not take {asked} ({refusal})", f"Java 不接受 {asked}（{refusal}）")
    for wish in wishes:
        if wish.name in SIZES and (size := bytes_of(wish.value)):
            fits(wish, size, survey, SHARE)
    stands = [re.fullmatch(r"(\S+) (\d+):(.*)", text) for word, _, text in lines if word == "line"]
    stands = [one for one in stands if one]
    if len(stands) != 1:
        where = ", ".join(f"{one[1]}:{one[2]}" for one in stands)
        raise refused(f"{unit} takes its options from {len(stands)} lines of its environment files ({where or 'none'}), not from one; change them by hand",
                      f"{unit} 的环境文件中有 {len(stands)} 行 Java 选项（{where or '无'}），不是一行；请人工修改")
    file, number, text = stands[0].groups()
    head, before = _taken_apart(unit, file, number, text)
    for name, (kind, _) in options.items():
        running = [one for one in has if re.match(kind, one)]
        if running and running[-1] not in [one for one in before if re.match(kind, one)]:
            raise refused(f"{name} of {unit} is {running[-1]}, which does not stand in {file}; another file sets it, change it there",
                          f"{unit} 的 {name} 现为 {running[-1]}，并非由 {file} 设置；请在实际设置它的文件中修改")
    after = list(before)
    for kind, option in options.values():
        same = [one for one in after if re.match(kind, one)]
        after = [one for one in after if one not in same[:-1]]
        after = [option if same and one == same[-1] else one for one in after] + ([] if same else [option])
    if after == before and all(option in has for _, option in options.values()):
        return None
    changes = tuple(SettingChange(
        target=survey.target, system="jvm", name=name, before=next((one for one in reversed(has) if re.match(kind, one)), "-"), after=option, takes="restart",
        source=Text(zh=f"{file} 第 {number} 行", en=f"{file}, line {number}") if any(re.match(kind, one) for one in before) else
        Text(zh="Java 默认值，未写入文件", en="Java's default, in no file")) for name, (kind, option) in options.items())
    return Tuned(set_options(file, head.strip(), text, f'{head}="{" ".join(after)}"', options, unit), changes)


def _taken_apart(unit: str, file: str, number: str, text: str) -> tuple[str, list[str]]:
    """What stands before the equals sign, and the options. Raises BlockersFound for a line that a shell would have to work out."""
    head, _, rest = text.partition("=")
    quoted = re.fullmatch(r"""\s*(?:"([^"$`\\]*)"|'([^']*)'|([^\s"'$`\\]*))\s*(#.*)?""", rest)
    if not quoted or re.search(r"['\"$`\\]", quoted[1] or quoted[2] or quoted[3] or ""):
        raise refused(f"{file}, line {number}, of {unit} is more than a list of options; change it by hand",
                      f"{unit} 的 {file} 第 {number} 行不是单纯的选项列表；请人工修改")
    return head, (quoted[1] or quoted[2] or quoted[3] or "").split()


SYSTEM = System("jvm", 50, facts, tune)
