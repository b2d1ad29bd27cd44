from collections.abc import Iterator
from pathlib import Path

import pytest
import trio

from probe.model.observation import HttpObservation, Observation
from probe.model.run import FamilyVantage, Vantage
from probe.model.words import Family, State
from probe.store import Reader, open_reader, open_writer
from tests.store.conftest import (
    A_SERVICE,
    A_VANTAGE,
    START,
    a_catalogue,
    a_page,
    a_run,
    a_verdict,
    look,
)

VANTAGE = Vantage(
    families=(
        FamilyVantage(
            family=Family.IPV4, asn=12389, as_name="Rostelecom", country="RU", resolver_asn=12389
        ),
    ),
    label="my flat",
    country="RU",
)


def own_page() -> HttpObservation:
    return a_page(
        "b.own",
        location="http://warn.example/page?ip=1&id=7#x",
        headers=(("server", "nginx"), ("x-request-id", "secret")),
        title="=HYPERLINK(1)",
        body_bytes=0,
        ended="none",
    )


def system_dns() -> Observation:
    return look("a.web")[0].model_copy(
        update={
            "id": "s/0/0",
            "resolver": "system",
            "address": "198.51.100.53",
            "resolver_asn": 12389,
        }
    )


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """One run that holds an observation of every kind, a page of an own endpoint, and verdicts."""
    path = tmp_path / "roadblock.db"
    catalogue = a_catalogue("a.web", "b.own")
    service = catalogue.services[0]
    a, b = service.endpoints
    own = service.model_copy(update={"endpoints": (a, b.model_copy(update={"own": True}))})
    run = a_run(
        vantage=VANTAGE, notes=("called at home",), versions={"roadblock": "1", "python": "3"}
    )

    async def fill() -> None:
        async with open_writer(path, inline=True) as writer:
            await writer.begin_run(run, catalogue.model_copy(update={"services": (own,)}))
            await writer.add((*look("a.web"), own_page(), system_dns()))
            verdicts = [a_verdict(), a_verdict("b.own", State.OK)]
            await writer.add_verdicts("r1", verdicts, [A_SERVICE], A_VANTAGE, set_id="s")
            await writer.finish_run(
                run.model_copy(update={"ended_at": START, "status": "complete"})
            )

    trio.run(fill)
    return path


@pytest.fixture
def reader(database: Path) -> Iterator[Reader]:
    with open_reader(database) as opened:
        yield opened
