"""Steps on their target: handed over once, watched, taken up again, undone.

A step never lives inside an SSH session. Its scripts are placed in a folder on the target, and a small runner carries them
out detached from us; we only watch its files. Whoever comes back, after whatever died, finds the folder and attaches.
"""

from __future__ import annotations

import io
import shlex
import tarfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Literal

from blocks.host_access import HostAccess
from reports.records import NOTHING, Plan, Step, StepOutcome, Text, same
from tasks import confirmation
from tasks.errors import CommandFailed, HostUnreachable, OutOfTime, TargetBusy
from tasks.redaction import redact
from tasks.remote import connected

HOME = "/var/lib/standfast"
RUNNER, GUARD = Path(__file__).with_name("runner.sh"), Path(__file__).with_name("guard.sh")
MARK = "standfast-result:"
PARTS = ("probe", "holds_before", "command", "proof", "undo", "undo_proof", "undo_holds")
OUTPUT_LIMIT = 64 * 1024
LINE_LIMIT = 64 * 1024
Action = Literal["carry out", "undo"]
Say = Callable[[str], None]


def change_folder(number: str) -> str:
    return f"{HOME}/changes/{number}"


def step_folder(number: str, step: Step) -> str:
    return f"{change_folder(number)}/steps/{step.number:02d}-{step.key}"


# --- the lock on the target -----------------------------------------------------------------------------------------------

def take_lock(host: HostAccess, number: str, owner: str, *, hours: float = 12) -> None:
    """Take or renew the target's lock. It also holds between two separate orchestrators.

    An expired lock of another change is taken over only if that change began nothing here, or closed.

    Raises:
        TargetBusy: another change holds it. CommandFailed: it could not be written (disk full, read-only file system).
    """
    line = shlex.quote("".join(c if c.isprintable() else " " for c in owner))
    script = f"""set -u; umask 077
mkdir -p {HOME}/changes && exec 9>>{HOME}/lock.guard || {{ echo "cannot write to {HOME}" >&2; exit 3; }}
flock -w 20 9 || {{ echo "somebody else has been taking the lock for 20 s" >&2; exit 3; }}
said() {{ sed -n "s/^$1=//p;" {HOME}/lock 2>/dev/null | head -n 1; }}
now=$(date +%s); new={HOME}/lock.new; holder=$(said change)
if [ -n "$holder" ] && [ "$holder" != {shlex.quote(number)} ]; then
  [ "$(said expires)" -lt "$now" ] 2>/dev/null || {{ cat {HOME}/lock; exit 9; }}
  # Expired: taken over, but never from a change that began something here and has not closed.
  for begun in {HOME}/changes/"$holder"/steps/*/*/started; do
    [ -e "$begun" ] && [ ! -e {HOME}/changes/"$holder"/closed ] && {{ cat {HOME}/lock; exit 9; }}
  done
fi
printf 'change=%s\\nowner=%s\\nsince=%s\\nexpires=%s\\n' {shlex.quote(number)} {line} "$(date -u +%Y-%m-%dT%H:%M:%SZ)" \
  $((now + {int(hours * 3600)})) >$new && sync $new && mv -f $new {HOME}/lock || {{ rm -f $new; echo "cannot write to {HOME}" >&2; exit 3; }}
rm -f {HOME}/changes/{shlex.quote(number)}/closed"""
    with connected(host) as remote:
        answer = remote.run(script, timeout_s=30)
    if answer.exit_code == 9:
        held = dict(line.split("=", 1) for line in answer.out.splitlines() if "=" in line)
        until = datetime.fromtimestamp(int(held.get("expires", "0")), UTC)
        raise TargetBusy(f"{host.name} is being changed by {held.get('change', 'another change')} ({held.get('owner', 'unknown owner')}, "
                         f"since {held.get('since', '?')}, lock until {until:%Y-%m-%dT%H:%M:%SZ}); wait for it to end, or take it up again",
                         f"{host.name} 正被 {held.get('change', '另一变更')} 占用（{held.get('owner', '占用人不详')}，自 {held.get('since', '?')} 起，"
                         f"锁定至 {until:%Y-%m-%dT%H:%M:%SZ}）；请等待其结束，或继续处理该变更")
    answer.need("taking the host's lock", host.name, "锁定主机")


def release_lock(host: HostAccess, number: str) -> None:
    """Give the lock back; somebody else's lock is left alone."""
    with connected(host) as remote:
        remote.run(f"""exec 9>>{HOME}/lock.guard && flock -w 20 9
[ "$(sed -n 's/^change=//p' {HOME}/lock 2>/dev/null | head -n 1)" = {shlex.quote(number)} ] && rm -f {HOME}/lock
[ ! -d {change_folder(number)} ] || : >{change_folder(number)}/closed; exit 0""", timeout_s=30).need("giving the host's lock back", host.name,
                                                                                                "解除主机锁定")


# --- placing what the steps need ------------------------------------------------------------------------------------------

def mark_of(plan: Plan, opened: str = "") -> str:
    """What a host's folder of a change bears. opened: when the change was, which tells it from one of the same number in another archive."""
    return sha256(f"{plan.fingerprint()} {opened}".encode()).hexdigest() if opened else plan.fingerprint()


def deliver(host: HostAccess, plan: Plan, media: dict[str, Path], opened: str = "") -> None:
    """Place the plan's scripts, the runner and the media that come from us in the change's folder on the target.

    media: where our copy of each medium lies, by name. What is there already with the right digest is not sent again. opened: as for `mark_of`; without
    it, how the steps of such a change ended would be taken for how ours did.
    Scripts are written once: later deliveries of the same plan must be equal, byte for byte.

    Raises:
        CommandFailed: no room, or the folder holds scripts of another plan under this number.
    """
    folder = change_folder(plan.change)
    mark = mark_of(plan, opened)
    wanted = [m for m in plan.media if m.delivered == "by us" and m.target in ("", host.name)]
    with connected(host) as remote:
        found = remote.run(f"cat {folder}/plan 2>/dev/null; cd {folder}/media 2>/dev/null && sha256sum -- * 2>/dev/null; exit 0", timeout_s=120)
        lines = found.need("looking at the change's folder", host.name, "查看变更目录").splitlines()
        if lines and len(lines[0]) == 64 and lines[0] != mark:
            raise CommandFailed(f"{host.name}: {folder} holds another plan under this number, perhaps of another archive; nothing was done, have it looked at",
                                f"{host.name}：{folder} 中存有同一编号的另一份方案，可能来自另一档案库；未作任何操作，请检查")
        if mark not in lines[:1]:
            script = f"set -eu; umask 077; mkdir -p {folder}/media {folder}/saved; tar -x -C {folder} --no-same-owner -f -; " \
                     f"dd if=/dev/zero of={folder}/room bs=65536 count=16 2>/dev/null; sync -f {folder}; " \
                     f"printf '%s\\n' {mark} >{folder}/plan; sync -f {folder}/plan"
            answer = remote.stream(script, io.BytesIO(), timeout_s=120, stdin=lambda: iter([_scripts(plan, host.name)]))
            answer.need("placing the change's scripts", host.name, "放置变更脚本")
        there = {line[66:]: line[:64] for line in lines if len(line) > 66}
        for medium in wanted:
            if there.get(medium.name) != medium.sha256:
                remote.put(_pieces(media[medium.name]), f"{folder}/media/{medium.name}", timeout_s=3600)


def _scripts(plan: Plan, target: str) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        def add(name: str, text: str, mode: int = 0o600) -> None:
            entry = tarfile.TarInfo(name)
            content = text.encode()
            entry.size, entry.mode = len(content), mode
            tar.addfile(entry, io.BytesIO(content))
        add("runner", RUNNER.read_text(), 0o700)
        add("guard", GUARD.read_text(), 0o700)
        for step in plan.steps_of(target):
            for part in PARTS:
                add(f"steps/{step.number:02d}-{step.key}/{part}", getattr(step, part))
            if step.confirm_s:
                add(f"steps/{step.number:02d}-{step.key}/confirm_s", str(step.confirm_s))
    return packed.getvalue()


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(1 << 18):
            yield piece


def forget(host: HostAccess, number: str, mark: str = "") -> None:
    """Remove the change's folder from a target that needs it no more (a staging host after its rehearsal). mark: only if it bears this one."""
    ours = f'[ "$(cat {change_folder(number)}/plan 2>/dev/null)" = {mark} ] || exit 0\n' if mark else ""
    # A guard that still waits does its work first: it could not do it without its scripts.
    script = f"""{ours}for armed in {change_folder(number)}/steps/*/carry-out-*/armed; do
  [ -e "$armed" ] || continue
  attempt=${{armed%/armed}}
  [ -e "$attempt/confirmed" ] || [ -e "$attempt/reverted" ] || sh {change_folder(number)}/guard "${{attempt%/*}}" "${{attempt##*-}}" || exit 1
done
rm -rf {change_folder(number)}"""
    with connected(host) as remote:
        remote.run(script, timeout_s=1200).need("removing the change's folder", host.name, "删除变更目录")


# --- one attempt ----------------------------------------------------------------------------------------------------------

def attempt(host: HostAccess, number: str, step: Step, action: Action, count: int, say: Say, *, patience_s: float = 600) -> StepOutcome:
    """Start this attempt, or attach to it if it was started before, and watch it to its end.

    The connection may break as often as it likes; for `patience_s` without any contact we go on trying.

    Raises:
        HostUnreachable: no contact for `patience_s`; the step may be running, ask again later. OutOfTime: far beyond its limit.
    """
    folder, name = step_folder(number, step), action.replace(" ", "-")
    unit = f"standfast-{number}-{step.number:02d}-{name}-{count}".lower()
    seen = _Output(say)
    last_contact = time.monotonic()
    give_up = time.monotonic() + step.time_limit_s + 2 * patience_s
    pause_s = 0.5
    while True:
        seen.restart()
        try:
            with connected(host) as remote:
                last_contact = time.monotonic()
                script = _watch(folder, name, count, unit, step.account, step.time_limit_s, seen.lines)
                answer = remote.stream(script, seen, timeout_s=step.time_limit_s + 90)  # type: ignore[arg-type]
                last_contact = time.monotonic()
                if answer.exit_code == 0 and seen.result is not None:
                    outcome = _outcome(step, action, count, seen)
                    break
                problem = answer.err.strip().splitlines()[-1:] or ["no result"]
                say(f"{host.name}: {problem[0]}")
                if answer.exit_code == 5:
                    return StepOutcome(number=step.number, key=step.key, target=step.target, title=step.title, action=action, attempt=count,
                                       result="failed", problem=_not_begun(problem[0]), output=seen.text())
        except (HostUnreachable, OutOfTime) as problem:
            if time.monotonic() - last_contact > patience_s:
                raise HostUnreachable(f"{problem} (no contact for {patience_s:.0f} s; the step may still be running there)",
                                      f"{problem.text.zh}（已有 {patience_s:.0f} 秒联系不上；该步骤可能仍在主机上运行）") from problem
            say(str(problem))
        if time.monotonic() > give_up:
            raise OutOfTime(f"{host.name}: step {step.number} gave no result within its time; look at {folder} on the host",
                            f"{host.name}：第 {step.number} 步在时限内没有结果；请查看主机上的 {folder}")
        time.sleep(pause_s)
        pause_s = min(pause_s * 2, 5)
    if step.confirm_s and action == "carry out" and outcome.result == "done":
        return confirmation.asked(host, step, f"{folder}/{name}-{count}", outcome, say, patience_s=patience_s)
    return outcome


def _watch(folder: str, action: str, count: int, unit: str, account: str, limit_s: int, lines_seen: int) -> str:
    """A script that starts the attempt unless it was started, passes its output on, waits for its end, prints the result."""
    attempt_folder = f"{folder}/{action}-{count}"
    runner = f"{HOME}/changes/{folder.split('/')[5]}/runner"
    # An undo must be able to begin on a full disk: for this moment a little room was kept.
    make_room = f"rm -f {HOME}/changes/{folder.split('/')[5]}/room\n" if action == "undo" else ""
    call = f"/bin/sh {runner} {folder} {action} {count} {account} {limit_s} {unit}"
    return f"""A={attempt_folder}; set -u; umask 077
[ -d {folder} ] || {{ echo "the step's folder {folder} is not there" >&2; exit 5; }}
{make_room}if [ ! -e $A/started ]; then
  mkdir -p $A || {{ echo "no room left on the device for {attempt_folder}" >&2; exit 5; }}
  touch $A/out
  if [ -d /run/systemd/system ]; then
    systemd-run --quiet --collect --unit={unit} --property=KillMode=control-group {call} 2>$A/start.err || true
  else
    setsid -f {call} >/dev/null 2>&1 </dev/null
  fi
  n=0; while [ ! -e $A/started ] && [ $n -lt 100 ]; do sleep 0.05; n=$((n+1)); done
  [ -e $A/started ] || {{ echo "the step could not be started: $(df -P {HOME} | tail -1 | cut -c1-120) $(cat $A/start.err 2>/dev/null)" >&2
    [ "$(df -P {HOME} | awk 'NR==2 {{print $4}}')" -lt 64 ] && exit 5; exit 6; }}
fi
ended() {{
  flock -s -w {limit_s + 60} $A/lock true
  n=0; while [ ! -e $A/result ] && [ $n -lt 1200 ]; do
    case $(systemctl show -p ActiveState --value {unit} 2>/dev/null) in active|activating|deactivating) sleep 0.1; n=$((n+1)) ;; *) break ;; esac
  done
  [ $n -lt 1200 ]
}}
ended & w=$!
tail -n +{lines_seen + 1} -f -s 0.05 --pid=$w $A/out  # to the last line, which it looks for once more when `ended` has ended
wait $w || {{ echo "what the step started is still ending" >&2; exit 7; }}
printf '\\n{MARK}\\n'
if [ -e $A/result ]; then tr -d '\\000' <$A/result
elif flock -n $A/lock true; then echo result=interrupted; cat $A/started
else echo "still running" >&2; exit 7; fi
"""


class _Output:
    """Takes the attempt's output as bytes, passes whole lines on, and keeps the last of it."""

    def __init__(self, say: Say) -> None:
        self._say, self._rest, self._kept = say, b"", ""
        self._in_key = False
        self.lines = 0
        self.result: dict[str, str] | None = None

    def restart(self) -> None:
        self._rest, self.result = b"", None

    def write(self, chunk: bytes) -> int:
        self._rest += chunk
        if len(self._rest) > LINE_LIMIT and b"\n" not in self._rest:
            self._rest = self._rest[:LINE_LIMIT]  # a line without an end is cut
        *whole, self._rest = self._rest.split(b"\n")
        for raw in whole:
            line = raw.decode(errors="backslashreplace")
            if self.result is not None:
                key, _, value = line.partition("=")
                self.result[key] = value
            elif line == MARK:
                self.result = {}
            else:
                self.lines += 1
                # Kept whole, and redacted as a whole when it is asked for: a private key has many lines.
                self._kept = (self._kept + line + "\n")[-2 * OUTPUT_LIMIT:]
                begins, ends = "-----BEGIN " in line and "PRIVATE KEY" in line, "-----END " in line
                if line.strip() and not self._in_key and not begins:
                    self._say(redact(line))
                self._in_key = (self._in_key or begins) and not ends
        return len(chunk)

    def text(self) -> str:
        return redact(self._kept)[-OUTPUT_LIMIT:].rstrip("\n")


def _outcome(step: Step, action: Action, count: int, seen: _Output) -> StepOutcome:
    result = seen.result or {}
    ended = result.get("result", "interrupted")
    problem = NOTHING
    output = seen.text()
    if ended == "failed":
        tail = [line for line in output.splitlines() if line.strip()][-3:]
        part, status = PART_FAILED.get(result.get("part", ""), Text(zh="失败", en="failed")), result.get("exit") or "?"
        problem = Text(zh=f"{part.zh}（退出状态 {status}）：{' / '.join(tail) or '没有输出'}",
                       en=f"{part.en} (status {status}): {' / '.join(tail) or 'no output'}")
    elif ended == "interrupted":
        problem = Text(zh="步骤执行期间主机停机，或执行程序被终止", en="the host went down, or the runner was killed, while the step was running")
    elif ended == "foreign":
        first = output.splitlines()[0] if output else ""
        problem = Text(zh=f"主机处于并非由本变更造成的状态：{first}", en=f"the host is in a state that this change did not make: {first}")
    return StepOutcome(
        number=step.number, key=step.key, target=step.target, title=step.title, action=action, attempt=count, result=ended,
        exit_code=int(result["exit"]) if result.get("exit", "").lstrip("-").isdigit() else None,
        started_at=_moment(result.get("started_at") or result.get("at")), finished_at=_moment(result.get("finished_at")),
        seconds=round(max(0.0, float(result.get("ended") or 0) - float(result.get("began") or 0)), 2) if result.get("ended") else 0.0,
        found=result.get("found", ""), problem=problem, output=output,
    )


PART_FAILED = {
    "holds_before": Text(zh="前置条件不成立", en="what must hold before does not hold"),
    "arm": Text(zh="无法设置自动撤回", en="its guard could not be set up"),
    "command": Text(zh="命令执行失败", en="the command failed"),
    "proof": Text(zh="结果验证未通过", en="its proof failed"),
    "probe": Text(zh="状态无法读取", en="its state could not be read"),
    "undo": Text(zh="回退命令执行失败", en="the undo failed"),
    "undo_proof": Text(zh="回退验证未通过", en="the undo's proof failed"),
}
# What our own script says on the host when an attempt cannot even begin (see _watch).
NOT_BEGUN = (("the step's folder ", "主机上没有该步骤的目录"), ("no room left on the device", "主机磁盘已满，无法建立该步骤的目录"),
             ("the step could not be started: ", "该步骤无法启动："))


def _not_begun(line: str) -> Text:
    for en, zh in NOT_BEGUN:
        if line.startswith(en):
            return Text(zh=zh + (line.removeprefix(en) if zh.endswith("：") else ""), en=line)
    return same(line)


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text.replace("Z", "+00:00")) if text else None
