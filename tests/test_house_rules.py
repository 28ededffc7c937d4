"""The shape of the repository, kept by machine: who imports whom, what a procedure's page has, what may not be written down."""

import ast
import re
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
PURE = ["reports/records", "tasks/operations", "tasks/checks", "tasks/controls", "tasks/planning", "tasks/survey.py", "tasks/comparison.py",
        "tasks/requests.py", "tasks/gates.py", "tasks/redaction.py", "tasks/trend.py", "tasks/working_days.py", "tasks/sections.py", "tasks/diagnosis"]
IMPURE = {"prefect", "fabric", "paramiko", "sqlalchemy", "psycopg", "subprocess", "socket", "ssl", "requests", "httpx", "pysnmp"}
HEADINGS = ["Purpose", "When to use", "Approval", "Before you start", "Steps", "Back-out plan", "Point of no return", "Known errors", "Evidence kept"]


def modules(*places: str) -> list[Path]:
    found = []
    for place in places:
        path = ROOT / place
        found += [path] if path.suffix == ".py" else sorted(path.rglob("*.py"))
    return [p for p in found if "__pycache__" not in p.parts]


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names


@pytest.mark.parametrize("path", modules(*PURE), ids=lambda p: str(p.relative_to(ROOT)))
def test_pure_modules_do_no_input_or_output(path):
    assert not {name.split(".")[0] for name in imported(path)} & IMPURE


def layer(name: str) -> int:
    if name.startswith("reports.records"):
        return 0
    return {"reports": 1, "blocks": 2, "tasks": 3, "flows": 4}.get(name.split(".")[0], -1)


@pytest.mark.parametrize("path", modules("reports", "blocks", "tasks", "flows"), ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_point_down(path):
    own = layer(".".join(path.relative_to(ROOT).with_suffix("").parts))
    assert all(layer(name) <= own for name in imported(path))


def test_only_remote_opens_ssh():
    assert [p.name for p in modules("tasks", "flows", "blocks", "reports") if {"paramiko", "fabric"} & {n.split(".")[0] for n in imported(p)}
            and p.name not in ("remote.py",) and "sandbox" not in p.parts and p.parts[-2] != "blocks"] == []


def test_only_devices_speaks_snmp():
    assert [p.name for p in modules("tasks", "flows", "blocks", "reports") if "pysnmp" in {n.split(".")[0] for n in imported(p)}] == ["devices.py"]


PROCEDURES = [p for p in (ROOT / "flows").glob("*.py") if p.name != "__init__.py"]


@pytest.mark.parametrize("path", PROCEDURES, ids=lambda p: p.stem)
def test_a_procedure_reads_like_a_runbook_page(path):
    text = path.read_text()
    page = ast.get_docstring(ast.parse(text))
    assert all(f"{heading}:" in page for heading in HEADINGS)
    assert len(text.splitlines()) <= 100
    assert not {name.split(".")[0] for name in imported(path)} & IMPURE - {"prefect"}


def test_every_procedure_is_deployed_under_its_name():
    entries = {d["entrypoint"] for d in yaml.safe_load((ROOT / "prefect.yaml").read_text())["deployments"]}
    assert entries == {f"flows.{p.stem}:{p.stem}" for p in PROCEDURES}


def test_every_schedule_names_its_interval_or_its_zone():
    for deployment in yaml.safe_load((ROOT / "prefect.yaml").read_text())["deployments"]:
        for schedule in deployment.get("schedules", []):
            assert "interval" in schedule or "timezone" in schedule


def test_no_machine_path_and_no_registry_is_written_down():
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")
    forbidden = re.compile("|".join(["/wo" + "rk/", r"deb\.deb" + "ian", "security.deb" + "ian", "pypi" + r"\.org", "pythonhos" + "ted", "npmjs" + r"\.org"]))
    found = []
    for name in filter(None, tracked):
        path = ROOT / name
        if path.is_file() and path.suffix not in (".png", ".ttf", ".otf", ".ttc", ".gz", ".woff2"):
            found += [f"{name}: {m.group()}" for m in forbidden.finditer(path.read_text(errors="replace"))]
    assert found == []
