"""MID-04b Serious lines in the error logs of nginx and Apache (R127 其他设备和软件)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limit, Limits, Row, Unreadable, whole
from tasks.checks.lines import until_end, words


def parse(output: str) -> tuple[dict[str, int], list[str]]:
    """Counts by class (serious, upstream), samples."""
    counts, samples, read = {}, [], False
    for line in until_end(output):
        kind, rest = words(line, 2)
        if kind == "sample":
            samples.append(rest)
        else:
            counts[kind] = whole(rest, "a count")
            read = read or kind == "files"
    if not read or not counts["files"]:
        raise Unreadable("no error log was read", "没有读到错误日志")
    return counts, samples


def judge(answer: tuple[dict[str, int], list[str]], limits: Limits, known: Known) -> Iterator[Row]:
    counts, samples = answer
    for name, zh, en in (("serious", "crit、alert、emerg", "crit, alert or emerg"), ("upstream", "后端不可用或超时", "back ends gone or too slow")):
        count = counts.get(name, 0)
        yield Row(limits[name].grade(count), f"错误日志中{zh} {count} 行", f"{count} lines of error log: {en}", object=name, value=count, unit="lines",
                  evidence="\n".join(samples) if count else "")


CHECK = HostCheck(
    id="MID-04b",
    title=Text(zh="Web 服务器错误日志", en="Error logs of web servers"),
    chapter="middleware",
    # at most the newest 10 000 lines of each file
    command=r"""
set -- /var/log/nginx/*error*.log /var/log/nginx/error.log.1 /var/log/apache2/error.log /var/log/httpd/error_log
files=
for f do [ -f "$f" ] && case " $files " in *" $f "*) ;; *) files="$files $f";; esac; done
[ -n "$files" ] || na "没有 nginx 或 Apache 的日志" "neither nginx nor Apache logs here"
for f in $files; do tail -n 10000 "$f"; done | awk -v files="$(echo $files | wc -w)" '
  /\[(crit|alert|emerg)\]|:(crit|alert|emerg)\]/ { serious++; if (serious <= 5) print "sample", substr($0, 1, 150) }
  /no live upstreams|upstream timed out|upstream prematurely closed|connect\(\) failed/ { upstream++; if (upstream <= 3) print "sample", substr($0, 1, 150) }
  END { print "serious", serious + 0; print "upstream", upstream + 0; print "files", files }'
echo end
""",
    parse=parse,
    judge=judge,
    limits={"serious": Limit(1, 100, "lines", "own judgement"), "upstream": Limit(10, 1000, "lines", "own judgement")},
    objects={"serious": "严重错误", "upstream": "后端"},
    remedy=Text(zh="按证据检查后端服务、文件句柄与磁盘", en="See the evidence: back ends, file handles, disks"),
    source="nginx ngx_core_module error_log",
)
