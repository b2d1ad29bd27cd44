"""How a command finds out that it runs inside the lab: by a line in the resolv.conf it sees.

The kernel's lab covers /etc/resolv.conf for its client. A variable or an option would do as well
for a command that means well; but whether consent is needed and whether results are real must not
hang on something that a person types.
"""

_MARK = "# Roadblock lab: "


def marked(resolv_conf: str, world_id: str) -> str:
    """Return the text with the line that names the world."""
    return f"{_MARK}{world_id}\n{resolv_conf}"


def world_of(resolv_conf: str) -> str | None:
    """Return the id of the world that a resolv.conf names; None on a real machine."""
    first = resolv_conf.partition("\n")[0]
    return first.removeprefix(_MARK).strip() if first.startswith(_MARK) else None
