import pytest

from probe.cli.selection import country_notes, select, services_of
from probe.errors import UsageError
from probe.model.target import Catalogue, Endpoint, Service
from probe.model.words import Role


def endpoint(name: str, **fields) -> Endpoint:
    host = f"{name.replace('.', '-')}.example"
    defaults = {"service": name.split(".")[0], "host": host, "url": f"https://{host}/"}
    return Endpoint.model_validate({"id": name, "role": Role.WEB, **defaults, **fields})


CATALOGUE = Catalogue(
    services=(
        Service(
            id="bbc",
            name="BBC",
            endpoints=(
                endpoint("bbc.web", core=True),
                endpoint("bbc.media"),
                endpoint("bbc.onion", core=True, risk_tier=2),
            ),
        ),
        Service(
            id="rt",
            name="RT",
            risk_tier=2,
            note="Sanctioned in places.",
            country_notes={"EU": "Distribution is banned."},
            endpoints=(
                endpoint("rt.web", core=True, risk_tier=2),
                endpoint("rt.api", risk_tier=2),
            ),
        ),
        Service(id="mine", name="Mine", endpoints=(endpoint("mine.web", own=True),)),
        Service(
            id="dw",
            name="DW",
            country_notes={"BY": "Reading it has been punished."},
            endpoints=(endpoint("dw.web"),),
        ),
        Service(id="rare", name="Rare", endpoints=(endpoint("rare.web"),)),
    )
)


@pytest.mark.parametrize(
    ("names", "options", "chosen"),
    [
        pytest.param((), {}, "bbc.web mine.web", id="default: core and own, first tier"),
        pytest.param((), {"tier": 2}, "bbc.web bbc.onion rt.web mine.web", id="a tier asked for"),
        pytest.param((), {"every": True}, "bbc.web bbc.media mine.web dw.web rare.web", id="all"),
        pytest.param(
            (),
            {"tier": 0, "every": True},
            "bbc.web bbc.media mine.web rare.web",
            id="tier 0: nothing with a warning about a country",
        ),
        pytest.param(("dw",), {"tier": 0}, "dw.web", id="unless it is named"),
        pytest.param(("rt",), {}, "rt.web", id="naming a service includes its tier"),
        pytest.param(("RT",), {"every": True}, "rt.web rt.api", id="all of a named one"),
        pytest.param(("rare",), {}, "rare.web", id="a named service without a core: all of it"),
        pytest.param(("bbc.media",), {}, "bbc.media", id="one endpoint"),
        pytest.param(("rt", "bbc"), {}, "bbc.web rt.web", id="in the catalogue's order"),
    ],
)
def test_what_is_measured_is_what_was_asked_for(names, options, chosen):
    assert " ".join(e.id for e in select(CATALOGUE, names, **options)) == chosen


def test_an_unknown_name_is_refused_with_a_hint():
    with pytest.raises(UsageError, match="did you mean bbc"):
        select(CATALOGUE, ("bcc",))


def test_sensitive_services_come_with_their_country_notes():
    services = services_of(CATALOGUE, select(CATALOGUE, ("rt", "bbc")))

    assert country_notes(services) == (
        "RT: Sanctioned in places.",
        "RT, EU: Distribution is banned.",
    )
