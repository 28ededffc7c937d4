"""What every record is made of: frozen, plain, with one canonical form."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, PlainSerializer

Language = Literal["zh", "en"]


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a time needs its zone, for example 2026-11-22T20:00:00+08:00")
    return moment


Moment = Annotated[datetime, AfterValidator(_aware)]
"""A point in time; always with a zone, stored and compared in UTC."""


class Record(BaseModel):
    """A frozen record of plain fields; unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def canonical(self) -> str:
        """The one text form this record has: JSON, keys sorted, no spaces, characters as they are.

        Two records are the same exactly if their canonical forms are equal, on every machine.
        """
        return canonical(self.model_dump(mode="json"))

    def fingerprint(self) -> str:
        """SHA-256 of the canonical form, 64 hexadecimal digits."""
        return hashlib.sha256(self.canonical().encode()).hexdigest()


def canonical(value: object) -> str:
    """JSON with sorted keys and no spaces, so that equal values have equal bytes."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


_WIDE = str.maketrans(",;:!?", "，；：！？")
_BESIDE_CHINESE = re.compile(r"(?<=[\u4e00-\u9fff“”（）、])[,;:!?] ?|[,;:!?](?=[\u4e00-\u9fff“（])")
_IN_BRACKETS = re.compile(r"(?<=[\u4e00-\u9fff”])\(([^()\n]*)\)|\(([\u4e00-\u9fff][^()\n]*)\)")


@lru_cache(maxsize=20_000)
def full_width(text: str) -> str:
    """Commas, colons and brackets beside Chinese characters as Chinese prints them; commands, names and figures stay as they are.

    >>> full_width("已启用:ssh 与 nginx(共 2 个),其余关闭; ls -l /etc,/opt")
    '已启用：ssh 与 nginx（共 2 个），其余关闭；ls -l /etc,/opt'
    """
    text = _IN_BRACKETS.sub(lambda found: f"（{found[1] if found[1] is not None else found[2]}）", text)
    return _BESIDE_CHINESE.sub(lambda found: found[0].strip().translate(_WIDE), text)


class Text(Record):
    """A sentence that people read, in both languages."""

    zh: str
    en: str

    def say(self, language: Language) -> str:
        """The sentence; a Chinese one of ours with the signs of its own script, whatever it was put together from."""
        return self.en if language == "en" else self.zh if self.zh == self.en else full_width(self.zh)

    def __bool__(self) -> bool:
        """Whether anything is said."""
        return bool(self.zh or self.en)

    def fields(self, name: str) -> dict[str, str]:
        """As fields of a journal entry or of a task's result, where plain English stands under the bare name."""
        return {name: self.en} if self.zh == self.en else {name: self.en, f"{name}_zh": self.zh}

    @classmethod
    def of_fields(cls, fields: Mapping, name: str) -> Text:
        """What `fields` wrote; entries of older versions have English only."""
        en = str(fields.get(name) or "")
        return cls(zh=str(fields.get(f"{name}_zh") or en), en=en)


NOTHING = Text(zh="", en="")


def same(words: str) -> Text:
    """Words that are no sentence of ours: what a person or a host said, a path, a name."""
    return Text(zh=words, en=words)


# A plain string where both languages are the same, so that what older versions filed reads, and keeps its fingerprint.
Said = Annotated[
    Text,
    BeforeValidator(lambda value: same(value) if isinstance(value, str) else value),
    PlainSerializer(lambda text: text.en if text.zh == text.en else {"zh": text.zh, "en": text.en}),
]
"""A sentence of ours with words of hosts and people in it."""
