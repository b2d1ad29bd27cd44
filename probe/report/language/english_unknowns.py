"""English for what could not be told: what was seen, and why it says no more. By rule id.

Follows "no verdict."; rules that are not here get the general sentence of their category.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

UNKNOWNS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "dns.denies_sometimes": "The resolver denies the name and tells it, in turn.",
        "dns.nulled_at_home": (
            "Your router's or computer's own resolver answers with an empty address, as ad blockers"
            " do; the provider's could not be asked."
        ),
        "dns.fails_for_this_name": (
            "The resolver fails for this name only: it may lie, or the name's own servers"
            " may refuse it."
        ),
        "dns.silent_for_this_name": (
            "The resolver says nothing about this name; it may be waiting for the name's"
            " own servers."
        ),
        "dns.denied_unverified": (
            "Every resolver denies the name, and none of them could be verified."
        ),
        "dns.nothing_answers": "No resolver said anything readable about this name.",
        "dns.system_resolver_broken": "The resolver fails, for other names as well.",
        "dns.system_names_nothing": (
            "Your resolver names no address for it; only others do, and computers here do not ask"
            " those."
        ),
        "dns.dead_answer": (
            "At the addresses that the resolver gives nobody answers for it; at others"
            " somebody does."
        ),
        "tcp.no_route": "This computer has no way to its addresses.",
        "tcp.refused": (
            "Its addresses refuse connections: a server that is switched off does that, and"
            " so does a"
            " forged refusal."
        ),
        "tcp.fails_everywhere_from_here": (
            "No connection to its servers was made: from one line alone, blocked, switched off and"
            " closed to this country look the same."
        ),
        "tls.expired_here_only": "Its certificate has run out here, and is valid elsewhere.",
        "tls.own_certificate": (
            "Its servers show a certificate that does not prove the name, for other names as well:"
            " most often their own mistake."
        ),
        "tls.strange_certificate": "The certificate proves nothing, and whose it is is not known.",
        "tls.wrong_name": (
            "The certificate is made out for another name: most often the server's default."
        ),
        "tls.shape_matters": (
            "Another greeting passes with the same name: the server, or the way, does not"
            " take ours."
        ),
        "tls.cut_like_servers_do": "The connection ends as servers themselves end it.",
        "tls.fails_at_its_own_addresses": (
            "The name fails at its own servers and nowhere else: a server that is broken"
            " for it, or a"
            " filter for just these addresses."
        ),
        "tls.reset_any_name": "Connections to its servers are cut, whatever name is sent.",
        "tls.silent_any_name": (
            "Its servers accept connections and stay silent, whatever name is sent."
        ),
        "tls.ends_untested": (
            "The connection ends right after the name; without it, it was not tried yet."
        ),
        "tls.alert": "Its servers decline to encrypt; servers do that by themselves as well.",
        "tls.no_tls": "What came back is no encryption.",
        "tls.unclear": "Some attempts fail and others do not: nothing follows from that.",
        "http.failed": "The page never came, and nothing tells the server from the way.",
        "http.cut_short_inside_tls": "The page was cut short, by the server or on the way.",
        "http.unexplained_page": "A strange answer came, and nothing tells whose it is.",
        "http.unexpected_page": "Another page came than before; the service may have changed it.",
        "http.unlike_elsewhere": "The page has nothing of the one that others are given.",
        "http.missing_here_only": "An error came here; others are given the page.",
        "http.error_in_cleartext": (
            "An error came, the server's own or that of something on the way."
        ),
        "http.another_page_there": (
            "The page at the resolver's address has nothing of the one at the addresses that other"
            " resolvers name."
        ),
        "http.page_unvouched": (
            "This network's resolver names other addresses than those that prove themselves: whose"
            " page is there was not tested."
        ),
        "pace.stalled": (
            "The page stops coming; servers and lossy lines do that as well as filters."
        ),
        "pace.trickle": "Bytes come too slowly to be a page.",
        "quic.stalled": "Over HTTP/3 the page stops coming; servers do that too.",
        "quic.unclear": (
            "HTTP/3 gets no answer: switched off, lost or filtered, nothing tells them apart."
        ),
    }
)
