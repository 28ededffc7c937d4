"""What is said before a log-in: a warning, and not what runs here."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from reports.records import FileChange, Text
from tasks.checks.kinds import Known, Mender, Row, Unreadable
from tasks.controls.kinds import Bounds, failed, passed
from tasks.controls.reading import by_kind
from tasks.operations.file_lines import FileLines, Line
from tasks.operations.mend import Mend

BANNERS = r"""
for f in /etc/issue /etc/issue.net /etc/motd; do
  [ -f "$f" ] && { echo "file $f"; head -c 2000 "$f" | grep . | head -n 30 | sed "s#^#text $f #"; }
done
. /etc/os-release 2>/dev/null && echo "name ${ID:-linux} ${NAME:-Linux}"
echo end
"""


def banners(output: str) -> tuple[dict[str, str], list[str]]:
    """Text by file, and the words by which the system would give itself away."""
    found = by_kind(output, "file", "text", "name")
    texts = {file: "" for file in found["file"]}
    for line in found["text"]:
        file, _, text = line.partition(" ")
        texts[file] = f"{texts.get(file, '')}\n{text}".strip()
    if len(found["name"]) != 1:
        raise Unreadable("what system this is is not told", "没有说明是什么系统")
    return texts, sorted({word for word in re.findall(r"\w+", found["name"][0]) if len(word) > 3})


def tells(text: str, names: list[str]) -> bool:
    """Whether it says what runs here: by the system's name, or by a sign for which agetty(8) writes it."""
    return bool(re.search(r"\\[mrsvSo]", text)) or any(re.search(rf"(?i)\b{re.escape(word)}\b", text) for word in names)


def gives_nothing_away(path: str, needed: bool = True) -> Callable[[tuple[dict[str, str], list[str]], Bounds, Known], Iterator[Row]]:
    """The file says something (needed), and neither name nor version of the system; the customer's own words, if there are some."""
    def judge(found: tuple[dict[str, str], list[str]], bounds: Bounds, known: Known) -> Iterator[Row]:
        texts, names = found
        text = texts.get(path, "")
        if tells(text, names):
            yield failed(f"{path} 透露了系统信息", f"{path} tells what runs here", evidence=text)
        elif needed and not text.strip():
            yield failed(f"{path} 没有登录警示", f"{path} holds no warning")
        elif needed and known.banner and tuple(text.splitlines()) != known.banner:
            yield failed(f"{path} 不是该客户规定的警示文字", f"{path} does not hold the warning that the customer's baseline gives", evidence=text)
        else:
            yield passed(f"{path} 没有透露系统信息", f"{path} gives nothing away")
    return judge


# What a court asks for: who may, that it is watched, what follows.
WARNING = ("警告：本系统仅限授权用户访问。所有操作均受监控并被记录，违者将依法追究责任。",
           "Warning: access to this system is restricted to authorised users. All activity is monitored and recorded; misuse is prosecuted under the law.")


def warns(path: str) -> Mender:
    def mend(row: Row, found: tuple[dict[str, str], list[str]], known: Known) -> Mend | Text:
        texts, names = found
        words = known.banner or WARNING
        if tells("\n".join(words), names):
            return Text(zh="客户规定的警示文字含有系统名称，请先修改基线中的 banner",
                        en="the customer's own warning names the system; change banner in the baseline first")
        made = FileLines(path, tuple(Line(str(place), text) for place, text in enumerate(words)), whole=True).mend()
        return replace(made, files=(FileChange(path=path, before=tuple(texts.get(path, "").splitlines()), after=words, whole=True),))
    return mend


OF_BANNERS: dict[str, Any] = {"family": "banners", "command": BANNERS, "parse": banners, "source": "issue(5)"}
