"""Whether the way in is still open after a step that could have closed it; if so, the step's guard on the target is told to stand down.

What is asked is what our own work needs: connections made after the step, several at once, each with more than one session, each of which
becomes root as always. Nobody who has been in since before proves anything: an open connection outlives a broken sshd, PAM or firewall.
"""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

from blocks.host_access import HostAccess
from reports.records import Step, StepOutcome, Text
from tasks.errors import CommandFailed, HostKeyRefused, HostUnreachable, LoginRefused, OutOfTime
from tasks.remote import Remote

LOGINS = 3    # at once: a fleet's work, an inspection beside a change
SESSIONS = 2  # in each of them
ROUNDS_AFTER = 3  # one refusal may come of a service that was just restarting; luck must not outvote it
PAUSE_S = 2
MARGIN_S = 120  # what the host may take to bring back what was, once its time is up
NO_WAY_IN = (HostUnreachable, HostKeyRefused, LoginRefused, OutOfTime, CommandFailed)

Say = Callable[[str], None]


def asked(host: HostAccess, step: Step, attempt_folder: str, outcome: StepOutcome, say: Say, *, patience_s: float) -> StepOutcome:
    """`outcome`, if new logins got in and the guard stood down; failed, if the host took the step back by itself.

    Raises:
        HostUnreachable: nobody got in, not even after the host should have taken it back; ask again later.
    """
    began, refusal = time.monotonic(), None
    while True:
        try:
            if refusal is None or not _reverted(host, attempt_folder):
                for _ in range(0 if refusal is None else ROUNDS_AFTER - 1):
                    with _new_logins(host):
                        pass
                with _new_logins(host) as login:
                    stood_down = _stand_down(login, host, attempt_folder)
                if stood_down:
                    say(f"{host.name}: {LOGINS} new logins got in and became root; step {step.number} stays")
                    return outcome
            return outcome.model_copy(update={"result": "failed", "problem": _taken_back(refusal)})
        except NO_WAY_IN as problem:
            if refusal is None:
                say(f"{host.name}: no new login gets in ({problem}); the host takes step {step.number} back within {step.confirm_s} s")
            refusal = refusal or problem.text
            if time.monotonic() - began > step.confirm_s + MARGIN_S + patience_s:
                raise HostUnreachable(f"{host.name}: nobody gets in any more, although the host should have taken step {step.number} back by now "
                                      f"({problem}); use its console", f"{host.name}：主机本应已自行撤回第 {step.number} 步，但仍无法登录"
                                      f"（{problem.text.zh}）；请使用主机控制台") from problem
        time.sleep(PAUSE_S)


def _taken_back(refusal: Text | None) -> Text:
    why = refusal or Text(zh="未在时限内确认", en="it was not confirmed in time")
    return Text(zh=f"主机已自行撤回该步骤：新的登录未能成功（{why.zh}）", en=f"the host took the step back by itself: no new login got in ({why.en})")


@contextmanager
def _new_logins(host: HostAccess) -> Iterator[Remote]:
    """Several new connections at once, several sessions in each, root in every one; gives one of them."""

    def one(_: int) -> Remote:
        remote = Remote(host)
        opened.callback(remote.close)
        with ThreadPoolExecutor(SESSIONS) as sessions:
            for answer in sessions.map(lambda _: remote.run("id -u", timeout_s=30), range(SESSIONS)):
                if answer.need("becoming root", host.name, "取得 root 权限").strip() != "0":
                    raise LoginRefused(f"{host.name}: the login did not become root", f"{host.name}：登录后未取得 root 权限")
        return remote

    with ExitStack() as opened:
        with ThreadPoolExecutor(LOGINS) as logins:
            remotes = list(logins.map(one, range(LOGINS)))
        yield remotes[0]


def _reverted(host: HostAccess, attempt_folder: str) -> bool:
    with Remote(host) as remote:
        return remote.run(f"[ -e {shlex.quote(attempt_folder)}/reverted ]", timeout_s=30).exit_code == 0


def _stand_down(login: Remote, host: HostAccess, attempt_folder: str) -> bool:
    """Whether the guard stands down, told over a login that is new; False: it has taken the step back."""
    folder, _, attempt = attempt_folder.rpartition("/")
    guard = folder.rpartition("/steps/")[0] + "/guard"
    answer = login.run(f"sh {shlex.quote(guard)} {shlex.quote(folder)} {attempt.rpartition('-')[2]} confirm", timeout_s=120)
    if answer.exit_code == 4:
        return False
    answer.need("standing the guard down", host.name, "解除自动撤回")
    return True
