"""The closed lists: each word that a stored row, a rule or a report may use, and what it means.

docs/ontology.md is the prose to these lists. A word is never renamed or reused.
"""

from enum import StrEnum
from types import MappingProxyType


class State(StrEnum):
    """What became of one endpoint, over one protocol and address family."""

    OK = "ok"  # answered, certificate valid, content as far as it is known
    RESTRICTED = (
        "restricted"  # the service was reached and gives less: bot wall, 451, geofence page
    )
    REFUSED = "refused"  # the service's own side refuses below HTTP: layer 3, DNS or TLS geofence
    IMPAIRED = "impaired"  # works, but slowed, cut short or changed on the way
    BLOCKED = "blocked"  # something between us and the service prevents it
    DOWN = "down"  # the service itself does not work, seen from elsewhere too
    INSUFFICIENT = "insufficient"  # no verdict: the evidence does not carry one


class Category(StrEnum):
    """The mechanism. techniques: the rows of docs/techniques.md that each one covers."""

    OK = "ok"
    REACHABLE_BOTWALL = "reachable_botwall"
    SERVER_GEOBLOCK = "server_geoblock"
    PLATFORM_WITHHELD = "platform_withheld"
    DOWN = "down"
    CAPTIVE_PORTAL = "captive_portal"
    LOCAL_INTERFERENCE = "local_interference"
    SHUTDOWN = "shutdown"
    ALLOWLIST = "allowlist"
    DNS_LIE = "dns_lie"
    DNS_INJECTION = "dns_injection"
    DNS_DROP = "dns_drop"
    RESOLVER_BLOCKED = "resolver_blocked"
    IP_BLOCK = "ip_block"
    PORT_BLOCK = "port_block"
    TLS_SNI_RESET = "tls_sni_reset"
    TLS_SNI_DROP = "tls_sni_drop"
    TLS_FINGERPRINT_BLOCK = "tls_fingerprint_block"
    TLS_MITM = "tls_mitm"
    HTTP_BLOCK = "http_block"
    BLOCKPAGE = "blockpage"
    HTTP_TAMPER = "http_tamper"
    QUIC_BLOCK = "quic_block"
    THROTTLE = "throttle"
    TRANSFER_FREEZE = "transfer_freeze"
    INSUFFICIENT = "insufficient"


SUBTYPES = MappingProxyType(
    {
        Category.OK: frozenset({"login", "consent"}),
        Category.REACHABLE_BOTWALL: frozenset({"challenge", "denied", "rate_limit", "login_wall"}),
        Category.SERVER_GEOBLOCK: frozenset({"http", "legal", "l3", "tls", "dns"}),
        Category.PLATFORM_WITHHELD: frozenset({"region", "removed", "login_wall"}),
        Category.DOWN: frozenset({"dns", "tcp", "tls", "http", "certificate", "server_error"}),
        Category.CAPTIVE_PORTAL: frozenset(),
        Category.LOCAL_INTERFERENCE: frozenset(
            {
                "tls",
                "proxy",
                "filter",
                "hosts",
                "vpn",
                "clock",
                "mtu",
                "ipv6",
                "plan",
                "ca_store",
                "loss",
            }
        ),
        Category.SHUTDOWN: frozenset({"total", "foreign", "degraded"}),
        Category.ALLOWLIST: frozenset({"address", "name", "protocol"}),
        Category.DNS_LIE: frozenset(
            {
                "nxdomain",
                "servfail",
                "refused",
                "nodata",
                "bogon",
                "blockpage",
                "wrong_address",
                "cname",
            }
        ),
        Category.DNS_INJECTION: frozenset({"race", "in_path", "tcp_rst"}),
        Category.DNS_DROP: frozenset(),
        Category.RESOLVER_BLOCKED: frozenset({"udp53", "tcp53", "dot", "doh"}),
        Category.IP_BLOCK: frozenset({"silent", "icmp", "routing", "post_handshake"}),
        Category.PORT_BLOCK: frozenset({"silent", "rst", "icmp", "rst_after_connect"}),
        Category.TLS_SNI_RESET: frozenset({"injected", "rewrite", "fin"}),
        Category.TLS_SNI_DROP: frozenset({"unacked", "after_ack"}),
        Category.TLS_FINGERPRINT_BLOCK: frozenset(
            {"server_cert", "no_name", "ech", "version", "hello"}
        ),
        Category.TLS_MITM: frozenset(
            {"self_signed", "unknown_ca", "wrong_name", "state_ca", "alert"}
        ),
        Category.HTTP_BLOCK: frozenset({"reset", "drop", "fin", "keyword"}),
        Category.BLOCKPAGE: frozenset({"page", "redirect", "status", "proxy"}),
        Category.HTTP_TAMPER: frozenset({"truncated", "modified"}),
        Category.QUIC_BLOCK: frozenset({"generic", "version", "sni", "ip", "inject"}),
        Category.THROTTLE: frozenset({"sni_police", "sni_extreme", "shape", "delay", "prefix"}),
        Category.TRANSFER_FREEZE: frozenset({"packets", "bytes", "conn_policing"}),
        Category.INSUFFICIENT: frozenset(),
    }
)
"""Which subtypes a category has. A verdict may always leave its subtype out."""


class Layer(StrEnum):
    """Where it *showed*, which is not always where it was done."""

    DNS = "dns"
    IP = "ip"
    TCP = "tcp"
    TLS = "tls"
    HTTP = "http"
    QUIC = "quic"
    CONTENT = "content"
    ENVIRONMENT = "environment"


class Trigger(StrEnum):
    """What, when changed, makes the failure go away."""

    NAME = "name"
    ADDRESS = "address"
    NAME_AND_ADDRESS = "name_and_address"
    PORT = "port"
    PROTOCOL = "protocol"
    FINGERPRINT = "fingerprint"
    VOLUME = "volume"
    COUNT = "count"
    UNKNOWN = "unknown"


class Locus(StrEnum):
    """Whose equipment did it."""

    LOCAL = "local"
    ACCESS = "access"
    ISP_RESOLVER = "isp_resolver"
    PATH = "path"
    SERVER = "server"
    PLATFORM = "platform"
    UNKNOWN = "unknown"


class Grade(StrEnum):
    """How far the evidence carries, weakest last."""

    CONFIRMED = "confirmed"
    STRONG = "strong"
    PROBABLE = "probable"
    SUSPECTED = "suspected"


class Flag(StrEnum):
    """Things worth knowing beside the category."""

    DNS_INTERCEPTED = "dns_intercepted"
    RESIDUAL_SEEN = "residual_seen"
    PATH_DEPENDENT = "path_dependent"
    ADDRESS_DEPENDENT = "address_dependent"
    OVERBLOCK = "overblock"
    LEGAL_ORDER = "legal_order"
    TRUST_LOCAL = "trust_local"
    PARTIAL = "partial"
    HTTP_PROXY = "http_proxy"
    SVCB_FILTERED = "svcb_filtered"
    DNS64 = "dns64"
    CANARY_DOMAIN = "canary_domain"
    CERTIFICATE_EXPIRED = "certificate_expired"
    EDE_ADMITTED = "ede_admitted"
    UNEXPECTED_CONTENT = "unexpected_content"


class Protocol(StrEnum):
    """What a verdict is about; `https` is DNS, TCP, TLS and HTTP together."""

    HTTPS = "https"
    HTTP = "http"
    TLS = "tls"  # endpoints that speak no HTTP: handshake only
    TCP = "tcp"  # endpoints that speak no TLS: connection only
    QUIC = "quic"
    DNS = "dns"


class Family(StrEnum):
    """Address family."""

    IPV4 = "ipv4"
    IPV6 = "ipv6"


class Step(StrEnum):
    """Which wire operation an observation records."""

    DNS = "dns"
    TCP = "tcp"
    TLS = "tls"
    HTTP = "http"
    QUIC = "quic"
    TRACE = "trace"
    PING = "ping"
    LOCAL = "local"


class Transport(StrEnum):
    """How a DNS question travelled."""

    SYSTEM = "system"
    UDP = "udp"
    TCP = "tcp"
    DOT = "dot"
    DOH = "doh"


class Arm(StrEnum):
    """Which side of the comparison an attempt belongs to (docs/ontology.md, controls C1 to C6)."""

    TARGET = "target"
    C1 = "c1"  # same address (or resolver), neutral name
    C2 = "c2"  # target name, neutral address (for DNS: an address that serves no DNS)
    C3 = "c3"  # same name, another address (or resolver) of the target
    C4 = "c4"  # an unrelated host in the same network
    C5 = "c5"  # an unrelated host elsewhere
    C6 = "c6"  # the same thing from another vantage point
    GATE = "gate"  # about the vantage point itself


class Role(StrEnum):
    """What an endpoint is to its service."""

    WEB = "web"
    API = "api"
    MEDIA = "media"
    SHORT_LINK = "short_link"
    MESSAGING = "messaging"
    APP = "app"
    CONTENT = "content"
    CONTROL = "control"


class FailureWord(StrEnum):
    """OONI df-007 strings, so that a failure reads the same in both projects' data.

    Source: ooni/spec data-formats/df-007-errors.md and probe-cli internal/netxlite/errno.go.
    """

    ADDRESS_FAMILY_NOT_SUPPORTED = "address_family_not_supported"
    ADDRESS_IN_USE = "address_in_use"
    ADDRESS_NOT_AVAILABLE = "address_not_available"
    CONNECTION_ABORTED = "connection_aborted"
    CONNECTION_REFUSED = "connection_refused"
    CONNECTION_RESET = "connection_reset"
    DNS_BOGON_ERROR = "dns_bogon_error"
    DNS_NO_ANSWER = "dns_no_answer"
    DNS_NON_RECOVERABLE_FAILURE = "dns_non_recoverable_failure"
    DNS_NXDOMAIN_ERROR = "dns_nxdomain_error"
    DNS_REFUSED_ERROR = "dns_refused_error"
    DNS_REPLY_WITH_WRONG_QUERY_ID = "dns_reply_with_wrong_query_id"
    DNS_SERVER_MISBEHAVING = "dns_server_misbehaving"
    DNS_SERVFAIL_ERROR = "dns_servfail_error"
    DNS_TEMPORARY_FAILURE = "dns_temporary_failure"
    EOF_ERROR = "eof_error"
    GENERIC_TIMEOUT_ERROR = "generic_timeout_error"
    HOST_UNREACHABLE = "host_unreachable"
    HTTP_INVALID_REDIRECT_LOCATION_HOST = "http_invalid_redirect_location_host"
    HTTP_REQUEST_FAILED = "http_request_failed"
    INTERRUPTED = "interrupted"
    INVALID_ARGUMENT = "invalid_argument"
    MESSAGE_SIZE = "message_size"
    NETWORK_DOWN = "network_down"
    NETWORK_RESET = "network_reset"
    NETWORK_UNREACHABLE = "network_unreachable"
    NO_BUFFER_SPACE = "no_buffer_space"
    NOT_CONNECTED = "not_connected"
    PERMISSION_DENIED = "permission_denied"
    PROTOCOL_NOT_SUPPORTED = "protocol_not_supported"
    QUIC_INCOMPATIBLE_VERSION = "quic_incompatible_version"
    SSL_FAILED_HANDSHAKE = "ssl_failed_handshake"
    SSL_INVALID_CERTIFICATE = "ssl_invalid_certificate"
    SSL_INVALID_HOSTNAME = "ssl_invalid_hostname"
    SSL_UNKNOWN_AUTHORITY = "ssl_unknown_authority"
    TIMED_OUT = "timed_out"
    UNKNOWN_FAILURE = "unknown_failure"
    WRONG_PROTOCOL_TYPE = "wrong_protocol_type"


class Operation(StrEnum):
    """Which call at the socket failed."""

    RESOLVE = "resolve"
    CONNECT = "connect"
    HANDSHAKE = "handshake"
    WRITE = "write"
    READ = "read"
    CLOSE = "close"


class RivalStatus(StrEnum):
    """What became of a rival explanation."""

    RULED_OUT = "ruled_out"
    REMAINS = "remains"  # its experiment was performed and did not rule it out
    NOT_ASKED = "not_asked"  # its experiment was not performed (budget, profile, nothing to ask)


class VantageState(StrEnum):
    """What the gates say about the place we measure from."""

    ONLINE = "online"
    DEGRADED = "degraded"  # some controls fail; services are judged, with the gate named
    OFFLINE = "offline"
    CAPTIVE_PORTAL = "captive_portal"
    INTERCEPTED = "intercepted"  # TLS of the controls is opened on the way or on this machine
    SHUTDOWN = "shutdown"
    ALLOWLIST = "allowlist"
