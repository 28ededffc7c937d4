"""Passwords: what PAM asks of new ones and does after wrong ones, and what new accounts get (login.defs)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from reports.records import Text
from tasks.checks.kinds import Known, Mender, Row, Unreadable, whole
from tasks.controls.kinds import Bounds, failed, passed, so
from tasks.controls.reading import by_kind
from tasks.operations.file_lines import FileLines, Line, setting
from tasks.operations.mend import Mend
from tasks.operations.pam import FOLDER, turn_on

# pwquality reads the folder first and the file last; faillock and pwhistory have one file.
PASSWORDS = r"""
[ -d /etc/pam.d ] || na "没有 PAM" "there is no PAM"
for f in /etc/pam.d/common-auth /etc/pam.d/common-account /etc/pam.d/common-password /etc/pam.d/common-session /etc/pam.d/system-auth /etc/pam.d/password-auth \
  /etc/pam.d/su /etc/pam.d/login /etc/pam.d/sshd; do
  [ -f "$f" ] && sed -e ':a' -e '/\\$/{N;s/\\\n/ /;ba' -e '}' "$f" | awk -v f="${f##*/}" '/^[[:space:]]*(#|$)/ { next } { $1 = $1; print "pam " f " " $0 }'
done
for f in /etc/security/pwquality.conf.d/*.conf /etc/security/pwquality.conf /etc/security/faillock.conf /etc/security/pwhistory.conf; do
  case $f in *pwquality*) of=pwquality;; *) of=${f##*/}; of=${of%.conf};; esac
  [ -f "$f" ] && sed -E -n "s/^[[:space:]]*([a-z_]+)[[:space:]]*=?[[:space:]]*([^#]*)(#.*)?\$/conf $of \\1 \\2/p" "$f"
done
[ -f /etc/login.defs ] && awk '/^[[:space:]]*(#|$)/ { next } { print "defs " $1 " " $2 }' /etc/login.defs
[ -f /etc/default/useradd ] && sed -n 's/^[[:space:]]*INACTIVE=/useradd INACTIVE /p' /etc/default/useradd
echo end
"""


@dataclass(frozen=True)
class Rule:
    """A line of PAM. kind: auth, account, password or session."""

    file: str
    kind: str
    module: str
    options: tuple[str, ...]


@dataclass(frozen=True)
class Passwords:
    rules: tuple[Rule, ...]
    conf: dict[tuple[str, str], str]
    defs: dict[str, str]

    def used(self, module: str, kind: str, *files: str) -> list[Rule]:
        return [rule for rule in self.rules if rule.module == module and rule.kind == kind and (not files or rule.file in files)]

    def option(self, module: str, of: str, name: str) -> str | None:
        """As it is in force: what stands on the line of PAM goes before the file. A word without a value is "". None: nowhere."""
        for rule in self.rules:
            if rule.module == module:
                for option in rule.options:
                    word, _, value = option.partition("=")
                    if word == name:
                        return value
        return self.conf.get((of, name))


def passwords(output: str) -> Passwords:
    found = by_kind(output, "pam", "conf", "defs", "useradd")
    rules = []
    for line in found["pam"]:
        file, _, text = line.partition(" ")
        if text.startswith("@include"):
            continue
        said = re.match(r"-?(auth|account|password|session)\s+(\[[^\]]*\]|\S+)\s+(?:\S*/)?(pam_\w+)\.so(.*)", text)
        if not said:
            if re.match(r"-?(auth|account|password|session)\s+(include|substack)\s", text):
                continue
            raise Unreadable(f"{line[:80]!r} is no line of PAM", f"{line[:80]!r} 不是 PAM 配置行")
        rules.append(Rule(file, said[1], said[3], tuple(re.findall(r"\[[^\]]*\]|\S+", said[4]))))
    if not any(rule.module == "pam_unix" for rule in rules):
        raise Unreadable("pam_unix stands nowhere in PAM's files", "PAM 配置中没有 pam_unix")
    conf = {(of, name): value.strip() for of, name, value in ((line.split(None, 2) + ["", ""])[:3] for line in found["conf"])}
    defs = {name: value for name, value in ((line.split(None, 1) + [""])[:2] for line in (*found["defs"], *found["useradd"]))}
    return Passwords(tuple(rules), conf, defs)


Judge = Callable[[Passwords, Bounds, Known], Iterator[Row]]
_UNUSED = Text(zh="没有启用", en="is not in use")


def in_use(module: str, *kinds: str) -> Judge:
    """The module stands in each of these stacks."""
    def judge(found: Passwords, bounds: Bounds, known: Known) -> Iterator[Row]:
        missing = [kind for kind in kinds if not found.used(module, kind)]
        if missing:
            yield failed(f"PAM 的 {'、'.join(missing)} 中没有启用 {module}", f"{module} is not in use in PAM's {' and '.join(missing)}")
        else:
            yield passed(f"已启用 {module}", f"{module} is in use")
    return judge


def option(module: str, of: str, name: str, bound: str, default: int) -> Judge:
    """A figure of a module is within the bound; where it is said nowhere, it is the module's own default."""
    def judge(found: Passwords, bounds: Bounds, known: Known) -> Iterator[Row]:
        if not any(rule.module == module for rule in found.rules):
            yield failed(f"{module} {_UNUSED.zh},{name} 不起作用", f"{module} {_UNUSED.en}, so {name} has no effect")
            return
        said = found.option(module, of, name)
        value = default if said is None else whole(said, name)
        yield so(bounds[bound].fits(value), name, value, bounds[bound].wanted, value=value, unit=bounds[bound].unit)
    return judge


def switched_on(module: str, of: str, name: str) -> Judge:
    """A word without a value stands on the module's line, or in its file."""
    def judge(found: Passwords, bounds: Bounds, known: Known) -> Iterator[Row]:
        there = any(rule.module == module for rule in found.rules) and found.option(module, of, name) is not None
        yield passed(f"{module} 已设置 {name}", f"{name} is set for {module}") if there else failed(
            f"{module} 没有设置 {name}", f"{name} is not set for {module}, or {module} is not in use")
    return judge


def new_account(name: str, bound: str, default: int) -> Judge:
    """What new accounts get by login.defs (or useradd) is within the bound."""
    def judge(found: Passwords, bounds: Bounds, known: Known) -> Iterator[Row]:
        if not found.defs:
            raise Unreadable("login.defs says nothing", "login.defs 没有内容")
        value = whole(found.defs.get(name, default), name)
        yield so(bounds[bound].fits(value), name, value, bounds[bound].wanted, value=value, unit=bounds[bound].unit)
    return judge


def in_login_defs(name: str, bound: str) -> Mender:
    """What accounts made from now on get; those that are there keep what they have, for an older password might lock them out at once."""
    def mend(row: Row, found: Passwords, known: Known) -> Mend:
        was = f"{name}\t{found.defs[name]}" if name in found.defs else ""
        return FileLines("/etc/login.defs", (setting(name, f"{name}\t{known.limits[bound].figure:.0f}", was),)).mend()
    return mend


# Before pam_unix the question whether the account is locked; after it, for whoever did not get through, the count.
FAILLOCK = {
    "standfast-faillock": (
        "Name: Count failed log-ins (Standfast)", "Default: no", "Priority: 0", "Auth-Type: Primary", "Auth:", " [default=die] pam_faillock.so authfail"),
    "standfast-locked": (
        "Name: Refuse locked accounts (Standfast)", "Default: no", "Priority: 1024", "Auth-Type: Primary", "Auth:", " requisite pam_faillock.so preauth",
        "Account-Type: Primary", "Account:", " required pam_faillock.so"),
}
_ON_THE_LINE = Text(zh="该选项写在 /etc/pam.d 的行上，优先于文件，须人工修改",
                    en="the option stands on the line in /etc/pam.d, which goes before the file: change it there")
_NOT_DEBIAN = Text(zh="PAM 不由 pam-auth-update 管理，须人工修改", en="PAM is not kept by pam-auth-update here: change it by hand")
PWQUALITY = ("libpam-pwquality", "cracklib-runtime", "wamerican")  # without a dictionary every change of a password fails
_DICTIONARY = """ls /var/cache/cracklib/cracklib_dict.pwd* >/dev/null 2>&1 ||
  { echo "the dictionary of cracklib is missing, and every change of a password would fail; install cracklib-runtime and wamerican" >&2; exit 1; }
"""


def kept_by_debian(found: Passwords) -> bool:
    return bool(found.used("pam_unix", "auth", "common-auth") and found.used("pam_unix", "password", "common-password"))


def _on_a_line(found: Passwords, module: str, name: str) -> bool:
    return any(option.partition("=")[0] == name for rule in found.rules if rule.module == module for option in rule.options)


def _written(of: str, found: Passwords, name: str, figure: float | None) -> Line:
    text = name if figure is None else f"{name} = {figure:.0f}"
    said = found.conf.get((of, name))
    return setting(name, text, "" if said is None else f"{name} = {said}" if said else name)


def in_faillock(name: str, bound: str) -> Mender:
    """In faillock.conf; where the module is not in use, it is turned on with it."""
    def mend(row: Row, found: Passwords, known: Known) -> Mend | Text:
        if _on_a_line(found, "pam_faillock", name):
            return _ON_THE_LINE
        return faillock(found, _written("faillock", found, name, known.limits[bound].figure))
    return mend


def faillock(found: Passwords, line: Line) -> Mend | Text:
    path = "/etc/security/faillock.conf"
    stacks = [bool(found.used("pam_faillock", kind)) for kind in ("auth", "account")]
    if all(stacks):
        return FileLines(path, (line,)).mend()
    if any(stacks):
        return Text(zh="pam_faillock 只写在部分栈中，须人工补全", en="pam_faillock stands in one stack and not in the other: complete it by hand")
    if not kept_by_debian(found):
        return _NOT_DEBIAN
    return turn_on(path, (line,), FAILLOCK, ("pam_faillock.so",), (
        ("common-auth", "pam_faillock[.]so preauth"), ("common-auth", "pam_faillock[.]so authfail"), ("common-account", "pam_faillock[.]so"))).mend()


def in_pwquality(name: str, bound: str = "", figure: float | None = None) -> Mender:
    """In pwquality.conf. Where the module is not in use, it is installed first with its dictionary, and then is in use by itself."""
    def mend(row: Row, found: Passwords, known: Known) -> Mend | Text:
        used = any(rule.module == "pam_pwquality" for rule in found.rules)
        if not used and not kept_by_debian(found):
            return _NOT_DEBIAN
        if _on_a_line(found, "pam_pwquality", name):
            return _ON_THE_LINE
        line = _written("pwquality", found, name, known.limits[bound].figure if bound else figure)
        return replace(FileLines("/etc/security/pwquality.conf", (line,), refuse=_DICTIONARY).mend(), packages=() if used else PWQUALITY)
    return mend


def remembering(bound: str) -> Mender:
    """A profile with pam_pwhistory; where it stands already, its line is somebody else's."""
    def mend(row: Row, found: Passwords, known: Known) -> Mend | Text:
        if any(rule.module == "pam_pwhistory" for rule in found.rules):
            return Text(zh="pam_pwhistory 已在使用，须在其所在的行上修改", en="pam_pwhistory is in use: change the line where it stands")
        if not kept_by_debian(found):
            return _NOT_DEBIAN
        # after pwquality (1024), which asks for the password, and before pam_unix (256)
        text = (f"pam_pwhistory.so remember={known.limits[bound].figure:.0f}", "use_authtok")
        profile = ("Name: Remember old passwords (Standfast)", "Default: no", "Priority: 1000", "Password-Type: Primary", "Password:",
                   f" requisite {' '.join(text)}", "Password-Initial:", f" requisite {text[0]}")
        name = "standfast-pwhistory"
        lines = tuple(Line(f"{number}", line.replace(" ", "\t", 1) if line.startswith(" ") else line) for number, line in enumerate(profile))
        return turn_on(f"{FOLDER}/{name}", lines, {name: profile}, ("pam_pwhistory.so",), (("common-password", "pam_pwhistory[.]so"),), whole=True).mend()
    return mend


OF_PASSWORDS: dict[str, Any] = {"family": "passwords", "command": PASSWORDS, "parse": passwords}
