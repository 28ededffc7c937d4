"""Small plans of harmless steps, for trying what happens when things break. Every step counts how often it was really done."""

from __future__ import annotations

from reports.records import Plan, Risk, Step, Text

T = Text(zh="试", en="try")
PLACE = "/srv/standfast-try"


def step(number: int, key: str, target: str, *, seconds: float = 0, fails: bool = False, **changes) -> Step:
    """Writes the file `key` and appends a line to `key.count` each time it is really done."""
    mark = f"{PLACE}/{key}"
    return Step(**{
        "number": number, "key": key, "target": target, "title": Text(zh=f"第{number}步", en=f"step {key}"), "expected": T, "time_limit_s": 60,
        "probe": f"if [ -e {mark} ]; then echo DONE; elif [ -e {mark}.half ]; then echo PARTIAL; else echo ABSENT; fi",
        "holds_before": f"mkdir -p {PLACE}",
        "command": f"echo begun >{mark}.half; echo working on {key}; sleep {seconds}; {'exit 1;' if fails else ''} "
                   f"echo once >>{mark}.count; mv {mark}.half {mark}",
        "proof": f"[ -e {mark} ]", "undo": f"rm -f {mark} {mark}.half; echo undone >>{PLACE}/undone.{key}", "undo_proof": f"[ ! -e {mark} ]", **changes})


def plan(number: str, steps: list[Step], **changes) -> Plan:
    targets = tuple(dict.fromkeys(s.target for s in steps))
    return Plan(**{"change": number, "procedure": "try", "kind": "packages", "title": T, "customer": "bureau", "requester": "张工", "reason": "try",
                   "targets": targets, "batches": (targets,), "facts": {}, "versions": (), "improvements": (), "media": (), "steps": tuple(steps),
                   "impact": T, "risk": Risk(level="low", reasons=()), "back_out": T, **changes})
