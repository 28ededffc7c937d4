"""YAML with the line of everything in it, and nothing dangerous: plain values only, each key once, bounded in size."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

MAX_BYTES = 16 << 20
MAX_NODES = 200_000  # aliases repeat what they point to; without a limit ten lines can mean a billion values
MAX_DEPTH = 50

Place = tuple[str | int, ...]
"""Keys and list positions (from 0) from the top of the document."""

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C one reads ten times as fast


@dataclass(frozen=True, order=True)
class Fault:
    """A mistake in the text itself; lines count from 1."""

    line: int
    sentence: str
    place: Place = ()


class BrokenYaml(Exception):
    """The file cannot be read as YAML at all; `fault` says where and why."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.sentence)
        self.fault = fault


@dataclass
class Source:
    """A document's plain values, and the line that each place in it stands on."""

    value: Any
    lines: dict[Place, int]
    faults: list[Fault] = field(default_factory=list)

    def line(self, place: Place) -> int:
        """The line of a place, or of the nearest one above it that exists."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 1)


def read_source(path: Path) -> Source:
    """Read a YAML file.

    Raises:
        BrokenYaml: it is missing, no UTF-8, too large, or no YAML; only its first mistake can be told.
    """
    text = _text(path)
    try:
        _check_depth(text)
        root = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as problem:
        raise BrokenYaml(_malformed(problem, text)) from None
    except yaml.YAMLError as problem:
        raise BrokenYaml(
            Fault(_line_of_bad_sign(text), f"this is no YAML ({getattr(problem, 'reason', problem)}); remove the odd character")
        ) from None
    if root is None:
        raise BrokenYaml(Fault(1, "the file is empty; describe provider, customers and hosts in it, see docs/inventory.md"))
    source = Source(None, {(): root.start_mark.line + 1})
    source.value = _Reader(source, text).read(root, ())
    return source


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise BrokenYaml(Fault(1, f"the file is larger than {MAX_BYTES >> 20} MiB; split it"))
        raw = path.read_bytes()
    except OSError as problem:
        raise BrokenYaml(Fault(0, f"cannot be read ({problem.strerror}); check its path and rights")) from None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = raw.count(b"\n", 0, problem.start) + 1
        raise BrokenYaml(Fault(line, "the text is not UTF-8 (GBK perhaps); save the file as UTF-8")) from None


def _check_depth(text: str) -> None:
    """Composing is recursive and, in C, without a guard: too deep a nesting would end the whole process. Events are not."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                line = event.start_mark.line + 1
                raise BrokenYaml(
                    Fault(line, f"lists and mappings lie more than {MAX_DEPTH} deep in each other; write it flatter")
                )
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _malformed(problem: yaml.MarkedYAMLError, text: str) -> Fault:
    mark = problem.problem_mark or problem.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    lines = text.splitlines()
    for number in (line, line - 1):
        indent = re.match(r"\s*", lines[number - 1])[0] if 0 < number <= len(lines) else ""
        if "\t" in indent:
            return Fault(number, "a tab stands at the beginning of the line; YAML is indented with spaces only")
        if "\u3000" in indent:
            return Fault(
                number, "a full-width space stands at the beginning of the line; YAML is indented with plain spaces only"
            )
        if 0 < number <= len(lines) and "\uff1a" in lines[number - 1].partition("#")[0]:
            return Fault(number, "a full-width colon (\uff1a) stands where YAML needs a plain one and a space (: )")
    why = problem.problem or "it is not well formed"
    if problem.context and problem.context_mark and problem.context_mark.line + 1 != line:
        why += f", {problem.context} that began in line {problem.context_mark.line + 1}"
    return Fault(
        line, f"column {column}: this is no YAML: {why}; compare the line's indentation, quotes and colons with its neighbours"
    )


def _line_of_bad_sign(text: str) -> int:
    for number, line in enumerate(text.splitlines(), start=1):
        if yaml.reader.Reader.NON_PRINTABLE.search(line):
            return number
    return 1


class _Reader:
    """Turns nodes into plain values and notes their lines; scalars are resolved as YAML's safe loader does."""

    def __init__(self, source: Source, text: str) -> None:
        self.source = source
        self.left = MAX_NODES
        self.scalars = yaml.SafeLoader("")

    def read(self, node: yaml.Node, place: Place) -> Any:
        self.left -= 1
        if self.left < 0 or len(place) > MAX_DEPTH:
            raise BrokenYaml(Fault(node.start_mark.line + 1, "aliases or nesting make the file too large; write it out plainly"))
        if isinstance(node, yaml.MappingNode):
            if node.tag != "tag:yaml.org,2002:map":
                return self._unknown_tag(node, place)
            return self._mapping(node, place)
        if isinstance(node, yaml.SequenceNode):
            if node.tag != "tag:yaml.org,2002:seq":
                return self._unknown_tag(node, place)
            values = []
            for position, child in enumerate(node.value):
                self.source.lines[(*place, position)] = child.start_mark.line + 1
                values.append(self.read(child, (*place, position)))
            return values
        try:
            return self.scalars.construct_object(node)
        except (yaml.YAMLError, ValueError, OverflowError):
            return self._unknown_tag(node, place)

    def _unknown_tag(self, node: yaml.Node, place: Place) -> None:
        tag = node.tag.replace("tag:yaml.org,2002:", "!!")
        self._fault(node, f"{tag} is not allowed or does not fit here; write plain text, numbers, lists and keys", place)

    def _mapping(self, node: yaml.MappingNode, place: Place) -> dict[str, Any]:
        values: dict[str, Any] = {}
        merged: dict[str, tuple[int, Any]] = {}
        first: dict[str, int] = {}
        for key_node, value_node in node.value:
            if key_node.tag == "tag:yaml.org,2002:merge":
                for base in self._merged(value_node, place):
                    self._keep_lines(base, place, merged)
                continue
            if not isinstance(key_node, yaml.ScalarNode):
                self._fault(key_node, "a key must be a plain word", place)
                continue
            key = key_node.value
            line = key_node.start_mark.line + 1
            if key in first:
                twice = f"{key} stands here a second time (first in line {first[key]}); keep one of them"
                self._fault(key_node, twice, place)
                continue
            first[key] = line
            self.source.lines[(*place, key)] = line
            values[key] = self.read(value_node, (*place, key))
        for key, (line, value_node) in merged.items():
            if key not in values:
                self.source.lines[(*place, key)] = line
                values[key] = self.read(value_node, (*place, key))
        return values

    def _merged(self, node: yaml.Node, place: Place) -> Iterator[yaml.MappingNode]:
        for base in node.value if isinstance(node, yaml.SequenceNode) else [node]:
            if isinstance(base, yaml.MappingNode):
                yield base
            else:
                self._fault(base, "<<: must be followed by an alias of a mapping, such as *defaults", place)

    def _keep_lines(self, base: yaml.MappingNode, place: Place, merged: dict[str, tuple[int, Any]], depth: int = 0) -> None:
        if depth > MAX_DEPTH:
            raise BrokenYaml(Fault(base.start_mark.line + 1, "aliases or nesting make the file too large; write it out plainly"))
        for key_node, value_node in base.value:
            self.left -= 1
            if self.left < 0:
                raise BrokenYaml(
                    Fault(base.start_mark.line + 1, "aliases or nesting make the file too large; write it out plainly")
                )
            if key_node.tag == "tag:yaml.org,2002:merge":
                for deeper in self._merged(value_node, place):
                    self._keep_lines(deeper, place, merged, depth + 1)
            elif isinstance(key_node, yaml.ScalarNode):
                merged.setdefault(key_node.value, (key_node.start_mark.line + 1, value_node))

    def _fault(self, node: yaml.Node, sentence: str, place: Place) -> None:
        fault = Fault(node.start_mark.line + 1, sentence, place)
        if fault not in self.source.faults:
            self.source.faults.append(fault)
