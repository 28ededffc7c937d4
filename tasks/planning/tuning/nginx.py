"""Directives of nginx: where they stand, whether nginx takes the values, and what becomes of them. Pure."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from shlex import quote

from reports.records import SettingChange, Survey, Text
from tasks.operations.nginx_directive import set_directive
from tasks.planning.tuning.kinds import System, Tuned, refused
from tasks.requests import SettingWish
from tasks.sections import Answer, Part

MAIN = ("worker_processes", "worker_rlimit_nofile", "worker_priority", "worker_shutdown_timeout", "worker_cpu_affinity", "timer_resolution", "pcre_jit")
EVENTS = ("worker_connections", "multi_accept", "use", "accept_mutex", "accept_mutex_delay", "worker_aio_requests")
VALUE = re.compile(r"[A-Za-z0-9._/:%,=~*+-]+( [A-Za-z0-9._/:%,=~*+-]+)*")
OWN = "zz-standfast.conf"


@dataclass(frozen=True)
class Directive:
    """context: the names of the blocks around it, the outermost first. alone: nothing else stands on its line, and it on no other."""

    file: str
    line: int
    context: tuple[str, ...]
    name: str
    value: str
    alone: bool


def block_of(name: str) -> tuple[str, ...]:
    return () if name in MAIN else ("events",) if name in EVENTS else ("http",)


def _trial(wish: SettingWish) -> str:
    line = f"{wish.name} {wish.value};"
    inside = {(): line + " events {}", ("events",): f"events {{ {line} }}", ("http",): f"events {{}} http {{ {line} }}"}[block_of(wish.name)]
    return (f"printf '%s\\n' 'include /etc/nginx/modules-enabled/*.conf;' \"pid $try/pid; error_log stderr;\" {quote(inside)} >\"$try/conf\"\n"
            f'if said=$(nginx -t -c "$try/conf" 2>&1); then echo {quote(f"takes {wish.name}")}\n'
            f"else printf 'refuses {wish.name} %s\\n' \"$(printf '%s\\n' \"$said\" |"
            f" grep -m 1 emerg | sed \"s|.*emerg[]] [0-9#: ]*||; s| in $try.*||\")\"; fi\n")


def facts(wishes: Sequence[SettingWish], survey: Survey) -> list[Part]:
    # The directive by itself, in a file of its own that goes again: what nginx says of it is known before anything is touched.
    trials = "".join(_trial(wish) for wish in wishes if VALUE.fullmatch(wish.value))
    return [Part("nginx", f"""command -v nginx >/dev/null || {{ echo "there is no nginx on this host"; exit 3; }}
try=$(mktemp -d); trap 'rm -rf "$try"' EXIT
{trials}nginx -T 2>"$try/said" >"$try/all" || {{ tail -n 3 "$try/said"; exit 4; }}
sed -n 's/^# configuration file \\(.*\\):$/\\1/p' "$try/all" | while read -r file; do echo "real $file $(readlink -f "$file")"; done
echo "----"
cat "$try/all\"""", 20)]


def files_of(dump: Sequence[str]) -> dict[str, list[str]]:
    """The lines of each file, from what `nginx -T` prints; the main file first."""
    found: dict[str, list[str]] = {}
    current: list[str] = []
    for line in dump:
        head = re.fullmatch(r"# configuration file (/.*):", line)
        if head:
            current = found.setdefault(head[1], [])
        else:
            current.append(line)
    return found


def directives(files: Mapping[str, Sequence[str]]) -> list[Directive]:
    """Every directive of the configuration, with the files that are included where they are. Raises ValueError for what cannot be followed."""
    main = next(iter(files))
    return list(_walk(main, (), files, main.rpartition("/")[0], 0))


def _walk(file: str, context: tuple[str, ...], files: Mapping[str, Sequence[str]], prefix: str, depth: int) -> Iterator[Directive]:
    if depth > 20:
        raise ValueError("files include one another")
    blocks, words, began = list(context), [], 0
    for number, sign, word in _words(files[file]):
        if not sign:
            began = began if words else number
            words.append(word)
            continue
        if sign == "}":
            if len(blocks) <= len(context):
                raise ValueError(f"{file}: a brace too many in line {number}")
            blocks.pop()
        elif not words:
            raise ValueError(f"{file}: nothing stands before the {sign} in line {number}")
        elif sign == "{":
            blocks.append(words[0])
        elif words[0] == "include":
            pattern = words[1] if words[1].startswith("/") else f"{prefix}/{words[1]}"
            for name in sorted(name for name in files if fnmatch.fnmatchcase(name, pattern) and name.count("/") == pattern.count("/")):
                yield from _walk(name, tuple(blocks), files, prefix, depth + 1)
            yield Directive(file, number, tuple(blocks), "include", pattern, False)
        else:
            text = files[file][number - 1]
            alone = began == number and bool(re.fullmatch(rf"\s*{re.escape(words[0])}\s[^;{{}}]*;\s*(#.*)?", text))
            yield Directive(file, number, tuple(blocks), words[0], " ".join(words[1:]), alone)
        words = []
    if words or len(blocks) != len(context):
        raise ValueError(f"{file}: its end is missing")


def _words(lines: Sequence[str]) -> Iterator[tuple[int, str, str]]:
    """Line number, sign (; { } or nothing), word."""
    pattern = re.compile(r"""\s+|\#.*|([;{}])|"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|((?:\\.|\$\{[^}]*\}|[^\s;{}\\])+)""")
    for number, line in enumerate(lines, 1):
        at = 0
        while at < len(line):
            found = pattern.match(line, at)
            if not found:
                raise ValueError(f"line {number} cannot be read")
            at = found.end()
            if found[1]:
                yield number, found[1], ""
            elif found.lastindex:
                yield number, "", found[found.lastindex]


def tune(wishes: Sequence[SettingWish], answers: Mapping[str, Answer], survey: Survey) -> list[Tuned]:
    answer = answers.get("nginx")
    if answer is None or answer.exit_code:
        why = (answer.lines[-1] if answer and answer.lines else "")[:200]
        raise refused(f"the configuration of nginx on {survey.target} cannot be read ({why}); mend that first",
                      f"{survey.target} 上的 nginx 配置无法读取（{why}）；请先处理")
    cut = answer.lines.index("----")
    said, files = answer.lines[:cut], files_of(answer.lines[cut + 1:])
    real = {line.split(" ")[1]: line.split(" ")[2] for line in said if line.startswith("real ")}
    takes = {line.split(" ", 1)[1] for line in said if line.startswith("takes ")}
    why = {line.split(" ")[1]: " ".join(line.split(" ")[2:]) for line in said if line.startswith("refuses ")}
    try:
        every = directives(files)
    except (ValueError, IndexError) as problem:
        raise refused(f"the configuration of nginx on {survey.target} cannot be followed ({problem}); set it by hand",
                      f"{survey.target} 上的 nginx 配置无法解析（{problem}）；请人工设置") from problem
    return [one for wish in wishes if (one := _tuned(wish, every, files, real, takes, why, survey))]


def _tuned(wish: SettingWish, every: Sequence[Directive], files: Mapping[str, Sequence[str]], real: Mapping[str, str], takes: set[str],
           why: Mapping[str, str], survey: Survey) -> Tuned | None:
    name, value = wish.name, wish.value
    if name not in takes:
        raise refused(f"nginx does not take “{name} {value}” ({why.get(name) or 'signs that have a meaning of their own'})",
                      f"nginx 不接受“{name} {value}”（{why.get(name) or '含有特殊字符'}）")
    here = _place(wish, [one for one in every if one.name == name])
    if here is None:
        return _new(wish, every, files, survey)
    file = real.get(here.file, here.file)
    lines = files[here.file]
    text = lines[here.line - 1]
    if not here.alone or sum(bool(re.match(rf"\s*{re.escape(name)}[\s=]", line, re.I)) for line in lines) != 1:
        raise refused(f"{name} does not stand on a line of its own, or more than once, in {file} (line {here.line}); change it by hand",
                      f"{file} 中的 {name}（第 {here.line} 行）不是独占一行，或出现多次；请人工修改")
    if here.value == value:
        return None
    indent = text[:len(text) - len(text.lstrip())]
    mend = set_directive(file, name, value, was=text, indent=indent)
    return Tuned(mend, (SettingChange(target=survey.target, system="nginx", name=name, before=here.value, after=value, takes="reload",
                                      source=Text(zh=f"{file} 第 {here.line} 行", en=f"{file}, line {here.line}")),))


def _place(wish: SettingWish, found: Sequence[Directive]) -> Directive | None:
    """The directive that decides; None: it stands nowhere. Raises BlockersFound where several could be meant."""
    name, block = wish.name, block_of(wish.name)
    if wish.at:
        there = [one for one in found if one.file == wish.at]
        if len(there) != 1:
            raise refused(f"{name} stands {len(there)} times in {wish.at}; name a file where it stands once",
                          f"{wish.at} 中有 {len(there)} 处 {name}；请指明只出现一次的文件")
        return there[0]
    inner = next((one for one in found if len(one.context) > len(block)), None)
    if inner is not None:
        raise refused(f"{name} is also set in {inner.file}, line {inner.line}, which overrides the value for all; name that file, or change it there",
                      f"{inner.file} 第 {inner.line} 行另设了 {name}，会覆盖全局值；请指明该文件，或在该处修改")
    if len(found) > 1:
        raise refused(f"{name} stands in {found[0].file}, line {found[0].line}, and in {found[1].file}, line {found[1].line}; name the file that is meant",
                      f"{found[0].file} 第 {found[0].line} 行和 {found[1].file} 第 {found[1].line} 行都有 {name}；请指明文件")
    return found[0] if found else None


def _new(wish: SettingWish, every: Sequence[Directive], files: Mapping[str, Sequence[str]], survey: Survey) -> Tuned:
    main, block = next(iter(files)), block_of(wish.name)
    included = next((one.value for one in every if one.name == "include" and one.context == ("http",) and one.value.endswith("/*.conf")), "")
    if block == ("events",) or block == ("http",) and not included:
        raise refused(f"{wish.name} stands nowhere yet, and there is no place for it that is safe to find; write it into {main} by hand first",
                      f"配置中尚无 {wish.name}，且无法确定其位置；请先人工写入 {main}")
    file = f"{included.rpartition('/')[0]}/{OWN}" if block else main
    mend = set_directive(file, wish.name, wish.value, new=bool(block))
    return Tuned(mend, (SettingChange(target=survey.target, system="nginx", name=wish.name, before="-", after=wish.value, takes="reload",
                                      source=Text(zh="默认值，未写入文件", en="built-in default, in no file")),))


SYSTEM = System("nginx", 40, facts, tune)
