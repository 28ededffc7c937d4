"""What several tests of tasks stand on."""

import pytest
import yaml

from tasks import desk
from tests.blocks.samples import key_pair


@pytest.fixture
def office(tmp_path, monkeypatch):
    """An archive and an inventory with one host that nobody reaches, and a mail server that is not there."""
    (tmp_path / "inventory.yaml").write_text(yaml.safe_dump({
        "provider": {"name": {"zh": "远山公司", "en": "Yuanshan"}},
        "customers": [{"name": "bureau", "full_name": {"zh": "某某局", "en": "Some Bureau"}, "language": "zh",
                       "approvers": [{"name": "王主任", "email": "wang@bureau.example"}]}],
        "hosts": [{"name": "web1", "customer": "bureau", "address": "127.0.0.1", "port": 9, "user": "root", "use_agent": True, "host_key": key_pair()[1]}],
        "archives": [{"name": "default", "database": f"sqlite:///{tmp_path}/archive.db", "store": str(tmp_path / "store"),
                      "signing_key": str(tmp_path / "signing.key")}],
        "notices": [{"name": "default", "host": "127.0.0.1", "port": 9, "sender": "standfast@provider.example", "timeout_s": 1}],
    }, allow_unicode=True))
    monkeypatch.setenv("STANDFAST_INVENTORY", str(tmp_path / "inventory.yaml"))
    desk.forget_what_is_kept()
    yield desk
    desk.forget_what_is_kept()
