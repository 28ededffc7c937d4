"""What all block types share: strict fields, secrets that stay out of messages, and mistakes told in one sentence each.

Pydantic's own messages ("Input should be a valid integer, unable to parse string as an integer") say neither what is allowed
nor what to write. Every block translates them on the way out, so that the constructor, the inventory and a block loaded
from Prefect all speak the same sentences. Input values are never part of Pydantic's own text, because a whole block with its
passwords is the "input" of a mistake between two fields.
"""

from __future__ import annotations

import copy
import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, ClassVar, get_args

from prefect.blocks.core import Block
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    SecretStr,
    ValidationError,
    WithJsonSchema,
    model_validator,
)
from pydantic.fields import FieldInfo
from pydantic_core import InitErrorDetails, PydanticCustomError, PydanticKnownError

from reports.records import Text

# What people write when they mean one of our keys, where spelling alone does not lead there.
MEANT = {
    "ip": "address",
    "hostname": "address",
    "host": "address",
    "login": "user",
    "username": "user",
    "account": "user",
    "key": "key_file",
    "identity_file": "key_file",
    "fingerprint": "host_key",
    "pubkey": "host_key",
    "known_host": "host_key",
    "password": "sudo_password",
    "mail": "email",
    "from": "sender",
    "url": "database",
    "timezone": "zone",
    "tz": "zone",
    "lang": "language",
    "checks": "acceptance",
    "title": "full_name",
    "folder": "store",
    "path": "store",
    "docker": "engine",
}

SHOWN = 60  # characters of a wrong value that are repeated in a message


def nearest(word: str, known: Iterable[str], limit: int = 3) -> list[str]:
    """The known words that `word` was probably meant to be, best first; empty if none is near."""
    by_fold = {name.casefold(): name for name in known}
    near = difflib.get_close_matches(str(word).casefold(), list(by_fold), n=limit, cutoff=0.6)
    if meant := MEANT.get(str(word).casefold().replace("-", "_")):
        near = [meant, *near] if meant in by_fold and meant not in near else near
    return [by_fold[name] for name in near[:limit]]


def unknown_key(key: object, known: Sequence[str]) -> str:
    """The sentence about a key that nobody knows."""
    near = nearest(str(key), known, limit=1)
    return f"unknown key {key!s}; " + (f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}")


def show(value: object) -> str:
    """A wrong value as it goes into a message: short, on one line, as one would write it in YAML."""
    if isinstance(value, bool):
        return str(value).lower()
    if value is None:
        return "nothing"
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list" if value else "an empty list"
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= SHOWN else text[:SHOWN] + "..."


class Undescribed(Exception):
    """What is described, in the inventory or in blocks, cannot be used, or is not described at all. text: in both languages, where both are known."""

    def __init__(self, en: str, zh: str = "") -> None:
        super().__init__(en)
        self.text = Text(zh=zh or en, en=en)


class UnknownName(Undescribed, LookupError):
    """Nothing of that name is known; the message lists the nearest names."""

    @classmethod
    def of(cls, kind: str, name: object, known: Iterable[str], where: str) -> UnknownName:
        """kind: "host", "customer"...; where: the inventory's path or "the Prefect blocks"."""
        names = sorted(known)
        near = nearest(str(name), names)
        called = _KINDS_ZH.get(kind, kind)
        if near:
            hint, hint_zh = f"did you mean {' or '.join(near)}?", f"是否指 {'、'.join(near)}？"
        elif names:
            hint = f"known {'is' if len(names) == 1 else 'are'} {', '.join(names[:8])}{' ...' if len(names) > 8 else ''}"
            hint_zh = f"已登记的有 {'、'.join(names[:8])}{' 等' if len(names) > 8 else ''}"
        else:
            hint, hint_zh = f"no {kind} is known yet, so describe it in the inventory first", f"尚未登记任何{called}，请先在清单中登记"
        place = "Prefect 的 Block" if where == "the Prefect blocks" else where
        return cls(f"no {kind} is called {show(str(name))} in {where}; {hint}", f"{place} 中没有名为 {show(str(name))} 的{called}；{hint_zh}")


_KINDS_ZH = {"host": "主机", "customer": "客户", "sandbox": "模拟环境", "archive": "档案库", "notices": "邮件服务",
             "database": "数据库", "device": "网络设备", "endpoint": "网站"}


def _entry_name(value: object) -> object:
    if isinstance(value, str) and not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,99}", value):
        suggestion = re.sub(r"[^a-z0-9]+", "-", value.casefold()).strip("-")[:99] or "web1"
        raise ValueError(
            f"must be made of small letters, digits and dashes, not {show(value)}; write for example name: {suggestion}"
        )
    return value


EntryName = Annotated[str, BeforeValidator(_entry_name)]
"""The name of an entry, and of its block document, which allows only small letters, digits and dashes."""


def _no_bool(value: object) -> object:
    """YAML's yes and no would else count as 1 and 0."""
    if isinstance(value, bool):
        raise PydanticKnownError("int_type")
    return value


Whole = Annotated[int, BeforeValidator(_no_bool)]
Number = Annotated[float, BeforeValidator(_no_bool)]


def _both_languages(value: object) -> object:
    return {"zh": value, "en": value} if isinstance(value, str) else value


def _not_blank(value: Text) -> Text:
    if not value.zh.strip() or not value.en.strip():
        raise ValueError("needs a text in Chinese (zh) and in English (en); write the same one twice if there is only one")
    return value


BilingualText = Annotated[
    Text,
    BeforeValidator(_both_languages),
    AfterValidator(_not_blank),
    WithJsonSchema(
        {
            "type": "object",
            "required": ["zh", "en"],
            "properties": {
                "zh": {"type": "string", "title": "Chinese 中文", "description": "As it stands in Chinese papers"},
                "en": {"type": "string", "title": "English 英文", "description": "As it stands in English papers"},
            },
        }
    ),
]
"""A `Text`; a plain string counts for both languages."""


class Form(BaseModel):
    """A part of a block's form."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, frozen=True)


class Contradiction(Exception):
    """Two fields do not go together; `key` is the one to change."""

    def __init__(self, key: str, sentence: str) -> None:
        super().__init__(sentence)
        self.key = key


_schemas: dict[Any, dict[str, Any]] = {}


class StandfastBlock(Block):
    """The base of Standfast's block types.

    Raises:
        ValidationError: on construction; each of its errors is one sentence, see `sentences`.
    """

    _kind: ClassVar[str] = "block"  # how an entry is called in messages: "host", "customer"...

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    @model_validator(mode="wrap")
    @classmethod
    def _in_sentences(cls, values: Any, handler: Any) -> Any:
        if isinstance(values, dict):
            # Prefect writes the type's slug into dumped blocks; it is no field.
            values = {key: value for key, value in values.items() if key != "block_type_slug"}
        try:
            block = handler(values)
        except ValidationError as problem:
            raise _translated(cls, problem, values) from None
        try:
            block._fits_together()
        except Contradiction as problem:
            raise _refused(cls, [((problem.key,) if problem.key else (), str(problem))], kind="contradiction") from None
        return block

    def _fits_together(self) -> None:
        """Raises `Contradiction` where fields that are right by themselves do not go together."""

    @classmethod
    def _retold(cls, key: str, kind: str, said: str, values: Mapping[str, Any]) -> str:
        """A place to better the sentence about a key; kind: Pydantic's error type; values: what the entry says, unchecked."""
        return said

    @classmethod
    def called(cls) -> str:
        return cls._kind

    @classmethod
    def model_json_schema(cls, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """The form's schema. Kept, because Prefect asks for it once per field whenever a block is saved (0.5 s a host)."""
        key = (cls, args, tuple(sorted(kwargs.items())))
        if key not in _schemas:
            _schemas[key] = super().model_json_schema(*args, **kwargs)
        return copy.deepcopy(_schemas[key])


def sentences(problem: ValidationError) -> list[tuple[tuple[str | int, ...], str]]:
    """The mistakes of a block: where each is (keys and list positions from 0) and the sentence about it."""
    return [(error["loc"], error["msg"]) for error in problem.errors(include_input=False, include_url=False)]


def _translated(model: type[StandfastBlock], problem: ValidationError, values: Any) -> ValidationError:
    found = []
    for error in problem.errors(include_url=False):
        said = error["msg"] if error["type"] in ("standfast", "contradiction") else _sentence(model, error)
        if error["loc"]:
            said = model._retold(str(error["loc"][0]), error["type"], said, values if isinstance(values, dict) else {})
        found.append((error["loc"], said))
    return _refused(model, found)


def _refused(
    model: type[BaseModel], found: Iterable[tuple[tuple[str | int, ...], str]], kind: str = "standfast"
) -> ValidationError:
    # Braces would be taken for placeholders of the message, so the sentence is itself put in through one.
    details = [
        InitErrorDetails(type=PydanticCustomError(kind, "{said}", {"said": said}), loc=loc, input=None) for loc, said in found
    ]
    return ValidationError.from_exception_data(model.__name__, details, hide_input=True)


def _sentence(model: type[BaseModel], error: Any) -> str:
    loc, kind, context = error["loc"], error["type"], error.get("ctx", {})
    field, known = _field(model, loc)
    key = next((str(part) for part in reversed(loc) if isinstance(part, str)), "")
    prefix, last = _place(loc)
    if kind == "value_error":
        said = str(context.get("error", error["msg"]))
        whole = isinstance(loc[-1], int) and field is not None and _model_in(field.annotation)  # two keys of one list entry
        return f"{prefix}{last}{':' if whole else ''} {said}"
    if kind == "extra_forbidden":
        return prefix + unknown_key(loc[-1], known)
    example = _example(field, key)
    if kind == "missing":
        return f"{prefix}{last} is missing; write for example {example}"
    secret = field is not None and _is_secret(field)
    wrong = "" if secret else f", not {show(error.get('input'))}"
    return f"{prefix}{last or 'it'} must be {_wanted(kind, context, field)}{wrong}; write for example {example}"


def _wanted(kind: str, context: Mapping[str, Any], field: FieldInfo | None) -> str:
    if kind == "literal_error":
        return str(context["expected"]).replace("'", "")
    if kind.startswith(("int", "float", "greater", "less", "finite", "multiple")):
        limits = {
            name: getattr(rule, name)
            for rule in (field.metadata if field else ())
            for name in ("ge", "gt", "le")
            if hasattr(rule, name)
        }
        what = "a whole number" if field and field.annotation is int else "a number"
        if "ge" in limits and "le" in limits:
            return f"{what} between {limits['ge']} and {limits['le']}".replace("whole number", "number")
        if "gt" in limits and "le" in limits:
            return f"{what} above {limits['gt']} and at most {limits['le']}"
        return what
    if kind.startswith("string_too_short"):
        return "filled in"
    if kind.startswith("string"):
        return "text (in quotes, if it looks like a number, a date or yes/no)"
    if kind.startswith("bool"):
        return "true or false"
    if kind in ("list_type", "tuple_type"):
        return "a list"
    if kind == "too_short":
        return "a list with at least one entry"
    if kind.startswith("date"):
        return "a date"
    if kind.startswith(("model", "dict")):
        return "a mapping of keys and values"
    return "something else"


def _place(loc: tuple[str | int, ...]) -> tuple[str, str]:
    """("acceptance 1: ", "title.zh") for ("acceptance", 0, "title", "zh")."""
    parts: list[str] = []
    current: list[str] = []
    for part in loc:
        if isinstance(part, int):
            parts.append(f"{'.'.join(current)} {part + 1}: ")
            current = []
        else:
            current.append(part)
    if not current and parts:
        return "".join(parts[:-1]), parts[-1].removesuffix(": ")
    return "".join(parts), ".".join(current)


def _field(model: type[BaseModel], loc: tuple[str | int, ...]) -> tuple[FieldInfo | None, list[str]]:
    """The field that `loc` leads to, and the keys known beside it."""
    field: FieldInfo | None = None
    here: type[BaseModel] | None = model
    known: list[str] = []
    for part in loc:
        if isinstance(part, int) or here is None:
            continue
        known = list(here.model_fields)
        field = here.model_fields.get(part)
        here = _model_in(field.annotation) if field else None
    return field, known


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for arg in get_args(annotation) if (found := _model_in(arg))), None)


def _is_secret(field: FieldInfo) -> bool:
    return field.annotation is SecretStr or SecretStr in get_args(field.annotation)


def _example(field: FieldInfo | None, key: str) -> str:
    """What a right line would look like, from the field's own example."""
    if field is not None and field.examples:
        return f"{key}: {field.examples[0]}"
    if field is not None and _model_in(field.annotation) is Text:
        return f"{key}: {{zh: 某某局, en: Some Bureau}}"
    return (
        f"{key}: {key if key in ('zh', 'en') else '...'}"
        if key not in ("zh", "en")
        else {"zh": "zh: 某某局", "en": "en: Some Bureau"}[key]
    )


def none_if_empty(value: object) -> object:
    """What a form leaves empty is not there, secrets too."""
    return None if (value.get_secret_value() if isinstance(value, SecretStr) else value) == "" else value


def one_line(value: SecretStr | None) -> SecretStr | None:
    """A secret without line breaks. Raises ValueError."""
    if value is not None and re.search(r"[\r\n\0]", value.get_secret_value()):
        raise ValueError("must be a single line; remove the line breaks")
    return value
