"""What a host's logs said, taken apart, kept as an archive of plain files, and read again from it. Pure; nothing a host says makes it raise."""

from __future__ import annotations

import gzip
import io
import json
import re
import tarfile
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta

from tasks.checks.reading import CANNOT, NOT_HERE, TIMED_OUT, Answer, answers_in, told
from tasks.diagnosis.script import Section
from tasks.redaction import redact

INDEX = "index.json"
_FILE = re.compile(r"file (log|access) ([uel-]) (/.*)")
_REQUESTS = re.compile(r"requests ([uel]) (\d{4}-\d\d-\d\d \d\d:\d\d) (\d{3}) (\d{1,12})")


@dataclass(frozen=True)
class Requests:
    """Requests of one minute that ended with one status."""

    minute: datetime
    status: int
    count: int


@dataclass(frozen=True)
class Log:
    """The lines of one log that lie in the span. cut: how many were left out; timed: whether they say when they were written."""

    path: str
    text: str
    cut: int = 0
    timed: bool = True
    requests: tuple[Requests, ...] = ()

    @property
    def lines(self) -> list[str]:
        return self.text.split("\n") if self.text else []


@dataclass(frozen=True)
class Bundle:
    """Everything that came: parts by name, logs, what is missing and why. offset: of the host's own time from UTC."""

    target: str
    parts: dict[str, str] = field(default_factory=dict)
    logs: tuple[Log, ...] = ()
    missing: dict[str, tuple[str, str]] = field(default_factory=dict)  # in Chinese and in English
    zone: str = ""
    offset_s: int = 0

    @property
    def offset(self) -> timedelta:
        return timedelta(seconds=self.offset_s)


def take_apart(target: str, output: str, nonce: str, wanted: Iterable[Section]) -> Bundle:
    """The bundle in a host's whole answer. Secrets are taken out part by part, so that a key which never ends hides no more than it must."""
    wanted = tuple(wanted)
    answers = answers_in(output, nonce, wanted)  # type: ignore[arg-type]
    parts, missing = {}, {}
    for section in wanted:
        answer = answers.get(section.id)
        if answer is not None and answer.output.strip():
            parts[section.id] = redact(answer.output.strip("\n")) if section.id != "files" else answer.output
        if why := _why_missing(answer, section):
            missing[section.id] = why
    clock = dict((line.split(None, 1) + [""])[:2] for line in parts.get("clock", "").splitlines() if line.strip())
    offset_s = _offset(clock.get("offset", ""))
    logs = tuple(_logs(parts.pop("files", ""), timedelta(seconds=offset_s)))
    return Bundle(target, {name: text for name, text in parts.items() if name not in missing or name.startswith("journal")}, logs, missing,
                  clock.get("zone", "")[:60].strip(), offset_s)


def _why_missing(answer: Answer | None, section: Section) -> tuple[str, str] | None:
    if answer is None:
        return "没有收到回答（连接中断）", "no answer arrived: the connection broke before"
    zh, en = map(redact, told(answer.output))
    if answer.exit_code == NOT_HERE:
        return f"不适用：{zh}", f"not applicable: {en}"
    if answer.exit_code in TIMED_OUT:
        return f"命令在 {section.time_limit_s} 秒内没有结束，只有一部分", f"the command did not end within {section.time_limit_s} s; only a part is here"
    if answer.exit_code == CANNOT:
        return f"无法读取：{zh}", f"cannot be read: {en}"
    if answer.cut:
        return "内容过多，只有一部分", "there was too much; only a part is here"
    return None


def _offset(word: str) -> int:
    """+0800 in seconds; 0 for what is no offset."""
    found = re.fullmatch(r"([+-])(\d\d)(\d\d)", word.strip())
    if not found or int(found[2]) > 14 or int(found[3]) > 59:
        return 0
    return (1 if found[1] == "+" else -1) * (int(found[2]) * 3600 + int(found[3]) * 60)


def _logs(text: str, offset: timedelta) -> Iterable[Log]:
    about: tuple[str, bool] | None = None
    lines: list[str] = []
    requests: list[Requests] = []
    cut = 0
    for line in [*text.split("\n"), "file log - /"]:
        if line.startswith("|"):
            lines.append(line[1:])
        elif found := _FILE.fullmatch(line):
            if about:
                yield Log(redact(about[0]), redact("\n".join(lines)), cut, about[1], tuple(sorted(requests, key=lambda one: (one.minute, one.status))))
            about, lines, requests, cut = (found[3], found[2] != "-"), [], [], 0
        elif found := _REQUESTS.fullmatch(line):
            try:
                minute = datetime.strptime(found[2], "%Y-%m-%d %H:%M").replace(tzinfo=UTC) - (offset if found[1] == "l" else timedelta())
            except (ValueError, OverflowError):
                continue
            requests.append(Requests(minute, int(found[3]), int(found[4])))
        elif found := re.fullmatch(r"cut (\d{1,12})", line):
            cut = int(found[1])


# --- kept -----------------------------------------------------------------------------------------------------------------

def pack(bundle: Bundle) -> bytes:
    """A tar.gz of plain files: every part, every log under its own path, and an index."""
    files = {f"parts/{name}.txt": text for name, text in bundle.parts.items()}
    index = {**asdict(bundle), "parts": sorted(bundle.parts), "logs": []}
    for log in bundle.logs:
        # A path of a host is only a name here; nothing is ever unpacked by it.
        name = "logs/" + "/".join(part for part in log.path.split("/") if part not in ("", ".", ".."))
        while name in files:
            name += "_"
        files[name] = log.text
        index["logs"].append({"path": log.path, "member": name, "cut": log.cut, "timed": log.timed,
                              "requests": [[one.minute.isoformat(), one.status, one.count] for one in log.requests]})
    files[INDEX] = json.dumps(index, ensure_ascii=False, indent=1, sort_keys=True)
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", mtime=0, compresslevel=6) as zipped, tarfile.open(fileobj=zipped, mode="w") as tar:
        for name, text in sorted(files.items()):
            content = text.encode(errors="replace")
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return out.getvalue()


def unpack(content: bytes) -> Bundle:
    """The bundle that was packed."""
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as tar:
        files = {member.name: tar.extractfile(member).read().decode(errors="replace") for member in tar if member.isfile()}  # type: ignore[union-attr]
    index = json.loads(files[INDEX])
    logs = tuple(Log(log["path"], files[log["member"]], log["cut"], log["timed"],
                     tuple(Requests(datetime.fromisoformat(minute), status, count) for minute, status, count in log["requests"]))
                 for log in index["logs"])
    return Bundle(index["target"], {name: files[f"parts/{name}.txt"] for name in index["parts"]}, logs,
                  {name: tuple(why) for name, why in index["missing"].items()}, index["zone"], index["offset_s"])
