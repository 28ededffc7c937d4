"""An application node more, on its own host: what it lacks, and that it answers. The balancer's side is in balancer.py. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from reports.records import Text
from tasks.operations import new_package, unit, upstream
from tasks.operations.scripts import fill
from tasks.operations.service import ask
from tasks.planning.capacity.expansion import Act, Expansion, Headroom, figures
from tasks.requests import NewNode

# A node is built before it gets traffic (turn 0); it must have got some before it gets its full share.
CANARY, TAKES_PART, WHOLE = 1, 2, 3

_FACTS = """for wish in @packages_script@; do
  have=$(dpkg-query -W -f '${db:Status-Abbrev}${Version}\\n' "${wish%%=*}" 2>/dev/null | sed -n 's/^ii *//p')
  echo "package:${wish%%=*}=$have"
done
for unit in @services_script@; do
  echo "unit:$unit=$(systemctl is-active "$unit" 2>/dev/null || :) $(systemctl is-enabled "$unit" 2>/dev/null || :)"
done
echo "end=yes"
"""


@dataclass(frozen=True)
class Facts:
    """packages: version by name, empty where it is missing. units: their state and whether they start with the machine."""

    packages: dict[str, str]
    units: dict[str, str]


def facts_script(part: NewNode) -> str:
    return fill(_FACTS, packages_script=" ".join(part.packages), services_script=" ".join(part.services))  # the form lets nothing else in


def parse(output: str) -> Facts:
    """Raises UnreadableOutput."""
    told = figures(output, "end")
    return Facts({name.removeprefix("package:"): value for name, value in told.items() if name.startswith("package:")},
                 {name.removeprefix("unit:"): value for name, value in told.items() if name.startswith("unit:")})


def expand(part: NewNode, facts: Facts) -> Expansion:
    """Missing packages, then services that rest; that it answers by itself is proved before any traffic is sent."""
    lacking = [wish for wish in part.packages if not (have := facts.packages.get(wish.partition("=")[0])) or wish.partition("=")[2] not in ("", have)]
    resting = [name for name in part.services if facts.units.get(name, "") != "active enabled"]
    need = Text(zh=f"新增应用节点 {part.host}（{part.address}），接入 {part.balancer} 的 {part.group}",
                en=f"{part.host} ({part.address}) becomes a node more of {part.group} on {part.balancer}")
    if other := [wish for wish in lacking if facts.packages.get(wish.partition("=")[0])]:
        return Expansion(need, blockers=(Text(zh=f"新节点上 {'、'.join(other)} 已是其他版本；请先统一版本。",
                                              en=f"The new node has other versions of {', '.join(other)}; bring them to the same version first."),))
    acts = [Act("install-packages", new_package.install(lacking))] if lacking else []
    acts += [Act(f"start-{count}", unit.start(name, enable=True)) for count, name in enumerate(resting, 1)]
    acts.append(Act("takes-part", upstream.takes_part(int(part.address.rpartition(":")[2])), turn=TAKES_PART))
    answers = ask(part.health, names=part.version) + 'if answers; then echo "$answer" | head -c 300; else echo "$answer" | head -c 300; exit 1; fi\n'
    title = Text(zh=f"新节点自身应答正常{f'（版本 {part.version}）' if part.version else ''}",
                 en=f"The new node answers by itself{f', as version {part.version}' if part.version else ''}")
    return Expansion(need, tuple(acts), (Headroom(title, answers, within_s=60),))
