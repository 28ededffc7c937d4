"""CFG-14a Who may log in by key (R132 系统配置检查)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limits, Row, Unreadable, ok, warning, whole
from tasks.checks.lines import until_end, words


def parse(output: str) -> list[tuple[str, str, str]]:
    """Account, short hash of the key, its comment; the last line counts the files."""
    lines = until_end(output)
    if not lines or not lines[-1].startswith("files "):
        raise Unreadable("the files were not counted", "没有给出文件数量")
    whole(lines[-1].split()[1], "a count")
    return [tuple(words(line + " -", 3)) for line in lines[:-1]]  # type: ignore[misc]


def judge(keys: list[tuple[str, str, str]], limits: Limits, known: Known) -> Iterator[Row]:
    for account, digest, comment in keys:
        name, comment = f"{account} {digest}", comment.removesuffix("-").strip()
        if known.before_at and name not in known.before:
            yield warning(f"{account} 新增可登录的密钥 {digest}({comment})", f"a new key {digest} may log in as {account} ({comment})", object=name)
        else:
            yield ok(f"密钥 {digest} 可登录 {account}({comment})", f"key {digest} may log in as {account} ({comment})", object=name)
    if not keys:
        yield ok("没有账户接受密钥登录", "no account accepts keys")


CHECK = HostCheck(
    id="CFG-14a",
    title=Text(zh="SSH 密钥信任", en="SSH trust"),
    chapter="configuration",
    # of each key only a hash leaves the host
    command=r"""
seen=
while IFS=: read -r user _ _ _ _ home _; do
  case $home in /*) ;; *) continue;; esac
  for f in "$home/.ssh/authorized_keys" "$home/.ssh/authorized_keys2" "/etc/ssh/authorized_keys/$user"; do
    case "$seen" in *" $user:$f "*) continue;; esac
    seen="$seen $user:$f "
    [ -s "$f" ] || continue
    echo file
    while read -r line; do
      case $line in '#'*|'') continue;; esac
      key=$(echo "$line" | grep -oE '(ssh-|ecdsa-|sk-)[a-z0-9@.-]+ +[A-Za-z0-9+/=]+')
      [ -n "$key" ] && echo "$user $(echo "$key" | sha256sum | cut -c1-12) ${line#*"$key"}"
    done <"$f"
  done
done </etc/passwd | awk '$1 == "file" { n++; next } NR < 500 { print } END { print "files", n + 0 }'
echo end
""",
    parse=parse,
    judge=judge,
    remedy=Text(zh="与顾客逐条确认;删除不明的公钥", en="Go through them with the customer; remove what nobody knows"),
    source="sshd(8), AUTHORIZED_KEYS FILE FORMAT",
    clause="GB/T 22239-2019 8.1.4.2 c",
)
