"""What each technique's row means as a verdict: the deepest node that one client can identify.

Source: techniques of the project's reference, sections 1 and 6.2. The lab uses this to say what the
truth is; `classify` has its own opinion and never reads it.
"""

# ruff: noqa: E501 (the table is read as a table)

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from probe.errors import LabError
from probe.model.words import SUBTYPES, Category, Layer, Protocol, State


@dataclass(frozen=True, slots=True)
class Technique:
    """One row: what it makes of an endpoint's verdict when it has fired."""

    id: str
    state: State
    category: Category
    subtype: str | None
    layer: Layer
    protocols: frozenset[Protocol]
    words: str

    def __post_init__(self) -> None:
        if self.subtype is not None and self.subtype not in SUBTYPES[self.category]:
            raise LabError(f"technique {self.id}: {self.category} has no subtype {self.subtype}")


# id, state, category, subtype, the layer where it shows, whose verdicts it touches, and the words.
_TABLE = """
D01                blocked    dns_lie           nxdomain          dns  any   the resolver lied: no such name
D02                blocked    dns_lie           servfail          dns  any   the resolver lied: server failure
D03                blocked    dns_lie           refused           dns  any   the resolver lied: refused
D04                blocked    dns_lie           nodata            dns  any   the resolver lied: no addresses
D05                blocked    dns_lie           bogon             dns  any   the resolver lied: an address of nowhere
D06                blocked    dns_lie           blockpage         dns  any   the resolver lied: a block page's address
D07                blocked    dns_lie           wrong_address     dns  any   the resolver lied: somebody else's address
D08                blocked    dns_lie           cname             dns  any   the resolver lied: another name
D09                blocked    dns_injection     race              dns  any   a forged DNS answer came first
D10                blocked    dns_injection     in_path           dns  any   the question was eaten and answered with a forgery
D12                blocked    dns_drop          -                 dns  any   the question for this name was dropped
D14                blocked    dns_injection     tcp_rst           dns  any   DNS over TCP was reset at the name
D19                blocked    dns_lie           nxdomain          dns  any   the resolver denied the name and said that it censors
T01                blocked    ip_block          silent            ip   any   every packet to the address was dropped
T02                blocked    port_block        silent            tcp  tcp+  connections to the port were dropped
T03                blocked    port_block        rst               tcp  tcp+  connections to the port were reset
T04                blocked    port_block        icmp              tcp  tcp+  a router said that the address is prohibited
T05                blocked    ip_block          routing           ip   any   the prefix had no route
T07                blocked    port_block        rst_after_connect tcp  tcp+  the connection was reset once made
T08                blocked    tls_sni_reset     fin               tls  tls+  the connection was closed at the name
T09                impaired   transfer_freeze   packets           tcp  web   the connection froze after some packets
T10                impaired   transfer_freeze   conn_policing     tcp  tls+  further connections froze
T11                blocked    port_block        rst               tcp  tcp+  the answer to the connection was turned into a reset
T12                blocked    ip_block          silent            ip   any   every packet of one address family was dropped
S01                blocked    tls_sni_reset     injected          tls  tls+  resets were injected at the name
S02                blocked    tls_sni_reset     rewrite           tls  tls+  the server's answer was turned into a reset at the name
S03                blocked    tls_sni_drop      after_ack         tls  tls+  a few packets after the name, nothing passed any more
S04                blocked    tls_sni_drop      unacked           tls  tls+  the packet with the name was dropped
S05                blocked    tls_sni_drop      -                 tls  tls+  the server's answers were dropped at the name
S06                blocked    tls_sni_drop      -                 tls  tls+  nothing passed after the name
S08                blocked    tls_mitm          alert             tls  tls+  a forged alert answered the name
S09                blocked    tls_mitm          -                 tls  tls+  a forged certificate was shown
S10                blocked    tls_mitm          wrong_name        tls  tls+  another host's certificate was shown
S11                blocked    tls_mitm          state_ca          tls  tls+  a certificate of the state's own root was shown
S12                blocked    tls_fingerprint_block server_cert       tls  tls+  the certificate's name was reset
S13                impaired   throttle          sni_police        tls  named a rule that hits too much slowed it
S16                blocked    tls_fingerprint_block hello             tls  tls+  hellos of this shape were dropped
S18                blocked    tls_sni_reset     injected          tls  tls+  the name was reset at listed addresses
H01                blocked    blockpage         page              http http  a block page was injected
H02                blocked    blockpage         redirect          http http  a redirect to a block page was injected
H03                blocked    blockpage         status            http http  a refusing status was injected
H04                blocked    blockpage         status            http http  status 451 was injected
H05                blocked    http_block        reset             http http  the connection was reset at the Host header
H06                blocked    http_block        drop              http http  nothing passed after the Host header
H07                blocked    http_block        keyword           http http  a word in the address was reset
H08                blocked    blockpage         proxy             http http  a proxy on the way answered
H09                impaired   http_tamper       -                 http http  the body was changed on the way
H11                blocked    blockpage         page              http http  a page with a frame was injected
H12                blocked    blockpage         -                 http web   port 443 was dropped and port 80 answered by a block page
Q02                blocked    quic_block        version           quic quic  QUIC of this version was dropped
Q03                blocked    quic_block        sni               quic quic  QUIC with this name was dropped
Q04                blocked    quic_block        ip                quic quic  UDP to the address was dropped
Q07                impaired   transfer_freeze   packets           quic quic  the QUIC stream froze
Q08                blocked    quic_block        inject            quic quic  a forged end closed the QUIC connection
Q09                impaired   throttle          sni_police        quic quic  QUIC with this name was slowed
R01                impaired   throttle          sni_police        tls  named packets above a low rate were dropped
R02                impaired   throttle          sni_extreme       tls  named it was slowed to some hundred bytes a second
R03                impaired   throttle          shape             tls  named packets were queued at a low rate
R04                impaired   throttle          delay             tls  named packets were held back
R05                impaired   throttle          sni_police        tls  named the client's acknowledgements were dropped
R06                impaired   throttle          prefix            ip   any   every name at the prefix shared a low rate
R09                impaired   throttle          delay             tls  named handshakes with this name were held back
G01                restricted server_geoblock   legal             http http+ the server refuses for legal reasons
G02                restricted server_geoblock   http              http http+ the server refuses this country
G03                restricted platform_withheld login_wall        http http+ the platform shows this item only after a login
G05                refused    server_geoblock   l3                ip   any   the server's own network drops this country
G06                refused    server_geoblock   dns               dns  any   the name's own servers refuse this country
G07                refused    server_geoblock   tls               tls  tls+  the server refuses in the handshake
G08                restricted reachable_botwall -                 http http+ the server takes the probe for a bot
G10                ok         ok                -                 http http+ the server asks to log in or to consent
G11                restricted reachable_botwall rate_limit        http http+ the server limits the rate
server-error       down       down              server_error      http http+ the server says that it is broken
origin-dns         down       down              dns               dns  any   the name's own servers do not answer for it
origin-certificate down       down              certificate       tls  tls+  the server's own certificate is not valid
origin-tls         down       down              tls               tls  tls+  the server's own end breaks off the handshake
origin-http        down       down              http              http http+ the server's own answer is broken
E10                down       down              -                 ip   any   nobody answers at the address
"""

_CONCERNED: Final[Mapping[str, frozenset[Protocol]]] = MappingProxyType(
    {
        "any": frozenset(Protocol),
        "tcp+": frozenset({Protocol.TCP, Protocol.TLS, Protocol.HTTPS, Protocol.HTTP}),
        "web": frozenset({Protocol.TLS, Protocol.HTTPS, Protocol.HTTP}),
        "tls+": frozenset({Protocol.TLS, Protocol.HTTPS}),
        "http+": frozenset({Protocol.HTTPS, Protocol.HTTP}),
        "http": frozenset({Protocol.HTTP}),
        "named": frozenset({Protocol.TLS, Protocol.HTTPS, Protocol.HTTP, Protocol.QUIC}),
        "quic": frozenset({Protocol.QUIC}),
    }
)


def _row(line: str) -> Technique:
    row_id, state, category, subtype, layer, concerned, words = line.split(maxsplit=6)
    return Technique(
        row_id,
        State(state),
        Category(category),
        None if subtype == "-" else subtype,
        Layer(layer),
        _CONCERNED[concerned],
        words,
    )


_ROWS: Final = {row.id: row for row in map(_row, _TABLE.strip().splitlines())}
TECHNIQUES: Final[Mapping[str, Technique]] = MappingProxyType(_ROWS)
"""By id. Missing are rows about the vantage point or about a resolver (D13, T06, S17, Q01, E01, …),
and boxes that hold another one (T13, S20)."""


def add_technique(technique_id: str, means: str, words: str) -> Technique:
    """Let a box that plays no row of the table count, for this process: `means` is its verdict.

    add_technique("my-box", "blocked/tls_sni_reset/injected", "my box reset the name"). Layer and
    protocols are those of the table's first row of that category. Raises LabError where the words
    are not of the ontology.
    """
    state, _, rest = means.partition("/")
    category, _, subtype = rest.partition("/")
    alike = next(
        (row for row in _ROWS.values() if (row.state, row.category) == (state, category)), None
    )
    if alike is None:
        known = sorted({f"{row.state}/{row.category}" for row in _ROWS.values()})
        raise LabError(
            f"{means!r} is no verdict that a box can make true; there are: {', '.join(known)}"
        )
    row = replace(alike, id=technique_id, subtype=subtype or None, words=words)
    return _ROWS.setdefault(technique_id, row)
