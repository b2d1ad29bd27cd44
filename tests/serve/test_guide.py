"""The guide's TOML is a catalogue as it stands: whoever copies it gets a responder."""

import re
import shutil
from pathlib import Path

from probe.reference import load_catalogue

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "guides" / "control-vantage.md").read_text(encoding="utf-8")


def test_the_responder_of_the_guide_is_a_control_for_any_name_and_a_canary(tmp_path):
    (toml,) = re.findall(r"```toml\n# controls.toml\n(.+?)```", GUIDE, re.DOTALL)
    control, canary = toml.split("# resolvers.toml\n")
    targets = tmp_path / "targets"
    shutil.copytree(ROOT / "targets", targets)
    for name, text in (("controls.toml", control), ("resolvers.toml", canary)):
        with (targets / name).open("a", encoding="utf-8") as file:
            # An address for documentation is nobody's; the reader writes a real one.
            file.write("\n" + text.replace("203.0.113.7", "93.184.216.34"))

    catalogue = load_catalogue(targets)

    responder = next(c for c in catalogue.controls if c.id == "responder-de")
    assert responder.accepts_foreign_names
    assert responder.purpose == ("neutral_name",)
    assert [c.address for c in catalogue.canaries if c.id == "responder-de"] == ["93.184.216.34"]
