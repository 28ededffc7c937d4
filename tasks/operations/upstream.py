"""A server more behind nginx or HAProxy: a small share of the traffic first, then its full weight; and out again. Returns a Mend and runs nothing.

Both are reloaded, never restarted: what is under way is finished by the old workers, so nobody notices.
Source: nginx ngx_http_upstream_module; HAProxy Configuration Manual 5.2 (weight), Management Guide 4 (reload).
"""

from __future__ import annotations

from typing import Literal

from reports.records import FileChange, Text
from tasks.operations.mend import Mend
from tasks.operations.scripts import fill
from tasks.operations.service import config_test

By = Literal["nginx", "haproxy"]
CANARY_PCT = 5

# The group's lines with the new server. In a canary the others' weights are multiplied so that the new one gets some five of a hundred requests.
# HAProxy knows weights up to 256.
_WORDS = r"""file=@file@; group=@group@; address=@address@; name=@name@; by=@by@; weight=@weight@
edited() {  # canary or whole; the file on standard input
  awk -v how="$1" -v group="$group" -v address="$address" -v name="$name" -v by="$by" -v own="$weight" '
    function weight_of(line) { return match(line, /weight[= ][0-9]+/) ? substr(line, RSTART + 7, RLENGTH - 7) + 0 : 1 }
    { line[NR] = $0
      if (by == "nginx" && $0 ~ "^[ \t]*upstream[ \t]+" && $2 == group) inside = 1
      else if (by == "nginx" && inside && $0 ~ "^[ \t]*}") inside = 0
      else if (by == "haproxy" && $0 ~ "^(backend|listen)[ \t]") inside = ($2 == group)
      else if (by == "haproxy" && $0 ~ "^[a-z]") inside = 0
      if (inside && $1 == "server") { mine[NR] = 1; last = NR; total += weight_of($0) } }
    END {
      if (!last) exit 1
      match(line[last], /^[ \t]*/); indent = substr(line[last], 1, RLENGTH)
      for (i = 1; i <= NR; i++) {
        text = line[i]
        if (mine[i] && how == "canary") {
          heavy = weight_of(text) * 19
          if (by == "haproxy" && heavy > 256) heavy = 256
          if (text ~ /weight[= ][0-9]+/) sub(/weight[= ][0-9]+/, (by == "nginx" ? "weight=" : "weight ") heavy, text)
          else if (by == "nginx") sub(/;/, " weight=" heavy ";", text)
          else text = text " weight " heavy
        }
        print text
        if (i == last) {
          share = how == "canary" ? total : own
          if (by == "nginx") print indent "server " address " weight=" share ";"
          else print indent "server " name " " address " check weight " share
        }
      }
    }'
}
served() { awk -v address="$address" '$1 == "server" && index($0 " ", " " address) { found = 1 } END { exit !found }' "$file"; }
put() {  # what stands on standard input becomes the file, tested and in force, or the file is as before
  new=$(mktemp "$(dirname "$file")/.standfast.XXXXXX"); cp -a "$file" "$new"; cp -a "$file" "$SAVED/last"
  cat >"$new"; sync "$new"; mv "$new" "$file"
  if ! (@test_script@) >"$SAVED/test" 2>&1; then
    cat "$SAVED/test" >&2
    cp -a "$SAVED/last" "$file"; echo "$file did not pass its test; it is as it was before" >&2; return 1
  fi
  systemctl reload "$by"
}
"""
# Asked again and again through the balancer.
_TRAFFIC = r"""traffic() {  # requests, at once
  answers=$(mktemp)
  began=$(date +%s%N)
  timeout 25 curl -sS --noproxy '*' --parallel --parallel-immediate --parallel-max "$2" --max-time 10 -o /dev/null -w '%{http_code}\n' @url@"#[1-$1]" \
    >"$answers" 2>/dev/null || :
  millis=$(( ($(date +%s%N) - began) / 1000000 )); good=$(grep -c '^[23]..$' "$answers" || :)
  rm -f "$answers"
  echo "$good of $1 requests through the balancer answered well, in $millis ms"
  [ "$good" = "$1" ]
}
"""


def _head(by: By, file: str, group: str, address: str, name: str, weight: int, url: str) -> str:
    test = config_test(by).strip()
    return fill(_WORDS, file=file, group=group, address=address, name=name, by=by, weight=weight, test_script=test) + fill(_TRAFFIC, url=url)


def join(stage: Literal["canary", "whole"], by: By, file: str, group: str, address: str, name: str, *, weight: int, url: str, requests: int) -> Mend:
    """The new server gets some five of a hundred requests (canary), or its full weight (whole, after the canary).

    url: through the balancer; asked so many times, no request may fail.
    Undo: the file as before the step, and a reload; not where somebody else has changed it since.
    """
    head = _head(by, file, group, address, name, weight, url)
    save = r"""umask 077
mkdir -p "$SAVED"
if [ ! -e "$SAVED/before" ]; then cp -a "$file" "$SAVED/before.new"; sync "$SAVED/before.new"; mv "$SAVED/before.new" "$SAVED/before"; fi
"""
    first = stage == "canary"
    origin = '"$SAVED/before"' if first else '"$CHANGE_DIR/saved/join-canary/before"'
    wanted = f'edited {stage} <{origin} >"$SAVED/wanted"\n'
    holds = """[ -f "$file" ] && [ ! -L "$file" ] || { echo "$file is no file" >&2; exit 1; }
systemctl is-active -q "$by" || { echo "$by does not run" >&2; exit 1; }
"""
    holds += """if served; then echo "$file names $address already" >&2; exit 1; fi
edited canary <"$file" >/dev/null || { echo "$file has no group $group with servers" >&2; exit 1; }
""" if first else """cmp -s "$file" "$CHANGE_DIR/saved/join-canary/wanted" || { echo "$file was changed since the canary; look at it first" >&2; exit 1; }
"""
    share = Text(zh=f"约 {CANARY_PCT}% 的流量", en=f"about {CANARY_PCT} % of the traffic") if first else Text(zh=f"权重 {weight}", en=f"weight {weight}")
    line = f"server {address} weight={weight};" if by == "nginx" else f"server {name} {address} check weight {weight}"
    return Mend(
        title=Text(zh=f"将 {address} 加入 {group}（{by}），{share.zh}", en=f"Put {address} into {group} ({by}), {share.en}"),
        expected=Text(zh="经负载均衡的请求全部成功", en="no request through the balancer fails"),
        probe=head + """if [ -e "$SAVED/wanted" ] && cmp -s "$file" "$SAVED/wanted"; then echo DONE
elif [ -e "$SAVED/before" ]; then echo PARTIAL; else echo ABSENT; fi
""",
        holds_before=head + holds + fill("""curl -fsS --noproxy '*' --max-time 5 -o /dev/null @url@ ||
  { echo "the balancer does not answer well now" >&2; exit 1; }
""", url=url),
        command=head + save + wanted + 'put <"$SAVED/wanted"\n',
        proof=head + f"""cmp -s "$file" "$SAVED/wanted" || {{ echo "$file is not as it should be" >&2; exit 1; }}
sleep 1  # a reload is a signal: new workers come a little later
traffic {requests} 5
""",
        undo=head + """[ -e "$SAVED/before" ] || { echo "nothing was changed"; exit 0; }
if cmp -s "$file" "$SAVED/before"; then systemctl reload "$by"; exit 0; fi
if [ -e "$SAVED/wanted" ] && ! cmp -s "$file" "$SAVED/wanted"; then echo "$file was changed by somebody else since" >&2; exit 1; fi
put <"$SAVED/before"
""",
        undo_proof=head + '[ -e "$SAVED/before" ] || exit 0\ncmp "$file" "$SAVED/before"\nsystemctl is-active -q "$by"\n',
        undo_holds="" if first else head + """[ -e "$SAVED/before" ] || exit 0
if ! cmp -s "$file" "$SAVED/wanted" && ! cmp -s "$file" "$SAVED/before"; then echo "$file was changed by somebody else since" >&2; exit 1; fi
""",
        touches=(file,), on_copy=False, risk="medium", time_limit_s=300,
        breaks=Text(zh="新节点若有差异，会影响其应答的请求；先以小流量验证",
                    en="what is wrong with the new server shows in what it answers; hence little traffic first"),
        files=() if first else (FileChange(path=file, after=(line,)),))


def takes_part(port: int) -> Mend:
    """On the new server: connections from outside have reached its port. Reads only; closed ones are remembered for a minute."""
    return Mend(
        title=Text(zh=f"核实新节点（端口 {port}）已分到流量", en=f"See that traffic reaches the new server, port {port}"),
        expected=Text(zh="有来自其他主机的连接", en="there are connections from other machines"), probe="echo ABSENT\n",
        command=f"""for second in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  if ss -Htan 'sport = :{port}' | awk '$1 != "LISTEN" && $5 !~ /^(127\\.|\\[::1\\]|\\[::ffff:127\\.)/ {{ n++ }} END {{ exit !n }}'; then break; fi
  sleep 1
done
""",
        proof=f"""ss -Htan 'sport = :{port}' | awk '$1 != "LISTEN" && $5 !~ /^(127\\.|\\[::1\\]|\\[::ffff:127\\.)/ {{ n++; from[$5] }}
  END {{ for (one in from) {{ print n " connections, one from " one; exit 0 }} print "no traffic has reached this server"; exit 1 }}'
""", on_copy=False)


def headroom(by: By, file: str, group: str, address: str, name: str, *, url: str, requests: int, at_once: int, per_s: int) -> str:
    """Shell that exits 0 if under load no request fails, and so many a second are answered (0: however many). Its figures: good answers, milliseconds."""
    return _head(by, file, group, address, name, 1, url) + f"""traffic {requests} {at_once} >/dev/null || :
echo "figures: $good $millis"
[ "$good" = {requests} ] && [ $(( {requests} * 1000 / (millis + 1) )) -ge {per_s} ]
"""


def headroom_reads(requests: int) -> Text:
    return Text(zh=f"经负载均衡的 {requests} 个请求中 {{1}} 个应答正常，用时 {{2}} 毫秒",
                en=f"{{1}} of {requests} requests through the balancer answered well, in {{2}} ms")
