"""BAK-03 The newest backup of each place can be read to its end (R133 系统备份检查). Inventory: `backups`: path, as $BACKUPS."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limits, Row, Unreadable, critical, not_applicable, ok, unknown
from tasks.checks.lines import until_end, words


def parse(output: str) -> list[tuple[str, str, str]]:
    """Path of the place, verdict (good, bad, large, other, none, hangs), the file."""
    found = []
    for line in until_end(output):
        verdict, place, path = words(line, 3, "\t")
        if verdict not in ("good", "bad", "large", "other", "none", "hangs"):
            raise Unreadable(f"{verdict[:40]!r} is no verdict", f"{verdict[:40]!r} 不是检查结果")
        found.append((place, verdict, path))
    if not found:
        raise Unreadable("no place was looked at", "没有查看任何位置")
    return found


def judge(found: list[tuple[str, str, str]], limits: Limits, known: Known) -> Iterator[Row]:
    for place, verdict, path in found:
        if verdict == "good":
            yield ok(f"{path} 可以读到末尾", f"{path} can be read to its end", object=place)
        elif verdict == "bad":
            yield critical(f"{path} 已损坏", f"{path} is damaged", object=place)
        elif verdict == "large":
            yield not_applicable(f"{path} 超过 64 MiB,巡检不解压", f"{path} is larger than 64 MiB: an inspection does not unpack it", object=place)
        elif verdict == "other":
            yield not_applicable(f"{path} 的格式不认识", f"this check does not know the format of {path}", object=place)
        else:
            yield unknown(f"{place} 中没有可读的文件", f"there is no file to read in {place}", object=place)


CHECK = HostCheck(
    id="BAK-03",
    title=Text(zh="备份可读性", en="Backup can be read"),
    chapter="backup",
    # What is larger than 64 MiB is not unpacked on a production host: that is for a rehearsed restore.
    command=r"""
[ -n "${BACKUPS-}" ] || na "台账没有写明备份" "the inventory names no backups"
tab=$(printf '\t')
say() { printf '%s\t%s\t%s\n' "$1" "$place" "$2"; }
echo "$BACKUPS" | while read -r place; do
  timeout -k 1 4 stat -L -- "$place" >/dev/null 2>&1; case $? in 124|137) say hangs -; continue;; esac
  line=$(timeout -k 1 8 find -L "$place" -maxdepth 2 -type f -printf '%Ts %s %p\n' 2>/dev/null | sort -rn | head -n 1)
  [ -n "$line" ] || { say none -; continue; }
  rest=${line#* }; size=${rest%% *}; file=${rest#* }
  small=; [ "$size" -le 67108864 ] && small=yes
  case $file in
    *.gz|*.tgz) test="gzip -t";; *.xz) test="xz -t";; *.bz2) test="bzip2 -t";; *.zst) test="zstd -tq";; *.zip) test="unzip -tqq";; *.tar) test="tar -tf";;
    *.sql)
      if tail -c 400 "$file" | grep -qE '^-- (Dump completed|PostgreSQL database (cluster )?dump complete)'; then say good "$file"; else say bad "$file"; fi
      continue;;
    *.dump|*.pgdump) test="pg_restore -l";;
    *) say other "$file"; continue;;
  esac
  command -v ${test%% *} >/dev/null || { say other "$file"; continue; }
  # pg_restore -l reads only the table of contents
  if [ -z "$small" ] && [ "$test" != "pg_restore -l" ]; then say large "$file"
  elif timeout 15 $test "$file" >/dev/null 2>&1; then say good "$file"
  else say bad "$file"
  fi
done
echo end
""",
    parse=parse,
    judge=judge,
    remedy=Text(zh="立即重做备份,并检查磁盘(LOG-02)", en="Make another one now; check the disk (LOG-02)"),
    source=Text(zh="gzip(1) -t;pg_restore(1) -l;mysqldump 输出的最后一行", en="gzip(1) -t; pg_restore(1) -l; mysqldump's last line"),
    clause="GB/T 22239-2019 8.1.4.9 a",
    time_limit_s=60,
)
