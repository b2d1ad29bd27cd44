"""Literal evidence about a line: controls of several operators and countries, told one by one."""

from datetime import timedelta
from email.utils import format_datetime
from typing import Any

from probe.classify import ask_vantage, judge_vantage
from probe.lab.pki import LAB_ANCHOR, Certificate
from probe.model.experiment import Experiment
from probe.model.knowledge import Knowledge
from probe.model.observation import (
    DnsAnswer,
    DnsObservation,
    HttpObservation,
    LocalObservation,
    Observation,
    QuicObservation,
    TcpInfo,
    TcpObservation,
    TlsObservation,
)
from probe.model.target import Canary, Catalogue, Control, Expectation, WhoamiName
from probe.model.verdict import VantageVerdict
from probe.model.words import Arm, Family, Transport
from tests.classify.build import AUTHORITY, NODATA, RESOLVERS, TIMEOUT


def _control(id_: str, country: str, operator: str, url: str = "", **values: Any) -> Control:
    host = f"www.{id_}.example"
    return Control(
        id=id_,
        host=host,
        url=url or f"https://{host}/",
        operator=operator,
        country=country,
        **values,
    )


ABROAD = (
    _control("one", "US", "One", accepts_foreign_names=True, purpose=("reach", "neutral_name")),
    _control("two", "US", "Two", purpose=("reach", "quic"), known_blocked_in=("CN",)),
    _control("three", "EU", "Three", purpose=("reach", "transfer", "quic")),
    _control("four", "JP", "Four"),
    _control("five", "BR", "Five"),
)
HOME = (_control("six", "RU", "Six"), _control("seven", "RU", "Seven"))
PORTALS = tuple(
    _control(
        f"portal{n}",
        "US",
        f"Portal {n}",
        f"http://www.portal{n}.example/",
        purpose=("portal",),
        expect=Expectation(status=(200,), body="success"),
    )
    for n in (1, 2)
)
CONTROLS = (*ABROAD, *HOME, *PORTALS)
KNOWLEDGE = Knowledge(
    catalogue=Catalogue(
        services=(),
        controls=CONTROLS,
        resolvers=RESOLVERS,
        whoami=(
            WhoamiName(
                id="w", name="whoami.example", query_type="A", operator="W", tells="resolver"
            ),
        ),
        canaries=(Canary(id="quiet", address="192.0.32.8", family=Family.IPV4),),
    ),
    roots=(AUTHORITY.root_der,),
)


class Line:
    """What the gates see of one line."""

    def __init__(self) -> None:
        self.observations: list[Observation] = []
        self.knowledge = KNOWLEDGE

    def _base(self, endpoint: str, family: Family | None = Family.IPV4, **values: Any) -> Any:
        number = len(self.observations)
        return {
            "id": f"g{number}",
            "experiment": values.pop("experiment", f"screen.{endpoint}"),
            "endpoint": endpoint,
            "arm": Arm.GATE,
            "family": family,
            "address": "203.0.113.1" if family is Family.IPV4 else "2001:db8::1",
            "started_at": LAB_ANCHOR + timedelta(seconds=number),
            "duration_s": values.pop("duration", 0.04),
            **values,
        }

    def passes(self, *controls: Control, family: Family = Family.IPV4, **page: Any) -> "Line":
        """These controls are reached."""
        for control in controls:
            self.connects(control, family)
            if control.url.startswith("https"):
                self.tls(control, family=family)
            self.page(control, family=family, **page)
        return self

    def dies(self, *controls: Control, family: Family = Family.IPV4) -> "Line":
        """These controls do not answer at all."""
        for control in controls:
            self.observations.append(
                TcpObservation(**self._base(control.id, family), failure=TIMEOUT)
            )
        return self

    def mutes(self, *controls: Control, acked: int = 1) -> "Line":
        """These controls connect, and nothing comes back for a hello."""
        for control in controls:
            self.connects(control)
            self.observations.append(
                TlsObservation(
                    **self._base(control.id),
                    server_name=control.host,
                    failure=TIMEOUT,
                    tcp_info=TcpInfo(bytes_acked=acked),
                )
            )
        return self

    def connects(self, control: Control, family: Family = Family.IPV4) -> None:
        self.observations.append(TcpObservation(**self._base(control.id, family)))

    def tls(
        self,
        control: Control,
        *,
        kind: Certificate = Certificate.GENUINE,
        family: Family = Family.IPV4,
    ) -> None:
        self.observations.append(
            TlsObservation(
                **self._base(control.id, family),
                server_name=control.host,
                chain=AUTHORITY.issue(control.host, kind=kind).chain,
            )
        )

    def page(
        self,
        control: Control,
        *,
        status: int = 200,
        body: str = "success",
        offset_s: float = 0.0,
        family: Family = Family.IPV4,
        **values: Any,
    ) -> None:
        base = self._base(control.id, family, **values)
        date = format_datetime(base["started_at"] - timedelta(seconds=offset_s), usegmt=True)
        self.observations.append(
            HttpObservation(
                **base,
                url=control.url,
                host=control.host,
                over_tls=control.url.startswith("https"),
                status=status,
                body=body.encode(),
                headers=(("date", date),),
            )
        )

    def foreign(self, *controls: Control, kind: Certificate) -> "Line":
        """These controls show a certificate of this kind."""
        for control in controls:
            self.connects(control)
            self.tls(control, kind=kind)
        return self

    def quic(self, *controls: Control, done: bool) -> "Line":
        for control in controls:
            self.observations.append(
                QuicObservation(
                    **self._base(control.id),
                    server_name=control.host,
                    version="1",
                    handshake_done=done,
                    failure=None if done else TIMEOUT,
                )
            )
        return self

    def dns(
        self,
        name: str,
        *addresses: str,
        resolver: str = "system",
        transport: Transport = Transport.UDP,
        endpoint: str = "local",
    ) -> "Line":
        self.observations.append(
            DnsObservation(
                **self._base(endpoint, None),
                name=name,
                query_type="A",
                resolver=resolver,
                transport=transport,
                answers=(
                    (DnsAnswer(after_s=0.01, rcode=NODATA, addresses=addresses),)
                    if addresses
                    else ()
                ),
                failure=None if addresses else TIMEOUT,
            )
        )
        return self

    def local(self, **values: Any) -> "Line":
        self.observations.append(LocalObservation(**self._base("local", None), **values))
        return self

    def verdict(self) -> VantageVerdict:
        return judge_vantage(tuple(self.observations), self.knowledge)

    def asked(self) -> tuple[Experiment, ...]:
        return ask_vantage(self.knowledge, tuple(self.observations))


def flow(bps: float = 20e6, size: int = 65_536) -> tuple[tuple[float, int], ...]:
    return tuple((size * 8 / bps * i / 16, size * i // 16) for i in range(1, 17))
