"""What is said in English of every category and subtype: observation first, mechanism if proved."""

from probe.model.words import Category as C
from probe.report.language.wording import Mechanism as M
from probe.report.language.wording import Mechanisms

MECHANISMS: Mechanisms = {
    (C.OK, None): M("It answered as it should."),
    (C.OK, "login"): M("It answered with its login page."),
    (C.OK, "consent"): M("It answered with its page about cookies and consent."),
    (C.REACHABLE_BOTWALL, None): M("It takes this connection for a robot's."),
    (C.REACHABLE_BOTWALL, "challenge"): M("It wants proof that no robot is asking."),
    (C.REACHABLE_BOTWALL, "denied"): M("It turned the request down as a robot's."),
    (C.REACHABLE_BOTWALL, "rate_limit"): M("It says that too many requests come from here."),
    (C.REACHABLE_BOTWALL, "login_wall"): M("It shows nothing without a login."),
    (C.SERVER_GEOBLOCK, None): M(
        "The service's own side seems to refuse this country or network.",
        "The service's own side refuses this country or network.",
    ),
    (C.SERVER_GEOBLOCK, "http"): M("The service itself says that it is not offered here."),
    (C.SERVER_GEOBLOCK, "legal"): M("The service itself withholds this here for legal reasons."),
    (C.SERVER_GEOBLOCK, "l3"): M(
        "The service's servers do not answer connections from here.",
        "The service's own network takes no connections from here.",
    ),
    (C.SERVER_GEOBLOCK, "tls"): M(
        "The service's side broke off when the encryption was to begin.",
        "The service's own side refuses encrypted connections from here.",
    ),
    (C.SERVER_GEOBLOCK, "dns"): M(
        "The service's name servers give no usable address here.",
        "The service's own name servers give no address to this place.",
    ),
    (C.PLATFORM_WITHHELD, None): M("The platform works, but does not show this item here."),
    (C.PLATFORM_WITHHELD, "region"): M("The platform says it does not show this item here."),
    (C.PLATFORM_WITHHELD, "removed"): M("The platform says that this item is gone everywhere."),
    (C.PLATFORM_WITHHELD, "login_wall"): M("The platform shows this item only after a login."),
    (C.DOWN, None): M("The service itself does not seem to work."),
    (C.DOWN, "dns"): M("The service's own name servers do not answer properly."),
    (C.DOWN, "tcp"): M("The service's servers take no connections."),
    (C.DOWN, "tls"): M("The service's servers do not complete the encryption."),
    (C.DOWN, "http"): M("The service's servers break off before the page."),
    (C.DOWN, "certificate"): M("The service's own certificate is not valid."),
    (C.DOWN, "server_error"): M("The service's servers answered with an error of their own."),
    (C.CAPTIVE_PORTAL, None): M("This network shows its own login page instead."),
    (C.LOCAL_INTERFERENCE, None): M("Something on this computer or in its network interferes."),
    (C.LOCAL_INTERFERENCE, "tls"): M(
        "A program here or in this network opens encrypted connections, such as an antivirus."
    ),
    (C.LOCAL_INTERFERENCE, "proxy"): M("A proxy that is set on this computer stands between."),
    (C.LOCAL_INTERFERENCE, "filter"): M("An ad blocker or family filter answers for the name."),
    (C.LOCAL_INTERFERENCE, "hosts"): M("The hosts file of this computer answers for the name."),
    (C.LOCAL_INTERFERENCE, "vpn"): M("A VPN is on: this shows its network, not yours."),
    (C.LOCAL_INTERFERENCE, "clock"): M("This computer's clock is wrong, so certificates fail."),
    (C.LOCAL_INTERFERENCE, "mtu"): M("Large packets do not get through this line."),
    (C.LOCAL_INTERFERENCE, "ipv6"): M("IPv6 does not work on this line."),
    (C.LOCAL_INTERFERENCE, "plan"): M("The data plan of this line seems to be used up."),
    (C.LOCAL_INTERFERENCE, "ca_store"): M(
        "Only a certificate authority that was added to this computer vouches for the answer."
    ),
    (C.LOCAL_INTERFERENCE, "loss"): M("This line loses too many packets."),
    (C.SHUTDOWN, None): M("The internet is cut off here."),
    (C.SHUTDOWN, "total"): M("Nothing answers, neither at home nor abroad."),
    (C.SHUTDOWN, "foreign"): M("Only hosts in this country answer."),
    (C.SHUTDOWN, "degraded"): M("The whole line hardly works."),
    (C.ALLOWLIST, None): M("Only permitted destinations can be reached."),
    (C.ALLOWLIST, "address"): M("Only permitted addresses can be reached."),
    (C.ALLOWLIST, "name"): M("Only permitted site names get through."),
    (C.ALLOWLIST, "protocol"): M("Only permitted protocols get through."),
    (C.DNS_LIE, None): M(
        "The resolver's answer for the name does not look right.",
        "The resolver gives a false answer for the name.",
    ),
    (C.DNS_LIE, "nxdomain"): M(
        "The resolver says that the name does not exist.",
        "The resolver says that the name does not exist, although it does.",
    ),
    (C.DNS_LIE, "servfail"): M("The resolver reports an error for this name."),
    (C.DNS_LIE, "refused"): M("The resolver refuses to answer for this name."),
    (C.DNS_LIE, "nodata"): M(
        "The resolver says that the name has no address.",
        "The resolver says that the name has no address, although it has.",
    ),
    (C.DNS_LIE, "bogon"): M("The resolver gives an address that no public site can have."),
    (C.DNS_LIE, "blockpage"): M("The resolver sends us to a block page."),
    (C.DNS_LIE, "wrong_address"): M(
        "At the address that the resolver gives, the service did not answer for itself.",
        "The resolver gives an address that is not the service's.",
    ),
    (C.DNS_LIE, "cname"): M("The resolver redirects the name to another one."),
    (C.DNS_INJECTION, None): M(
        "More than one answer came to the name lookup, and one is false.",
        "Somebody on the way answers the name lookup with a forgery.",
    ),
    (C.DNS_INJECTION, "race"): M(
        "A false answer to the name lookup came before the true one.",
        "A forged answer to the name lookup overtakes the true one.",
    ),
    (C.DNS_INJECTION, "in_path"): M(
        "A false answer came to the name lookup, and no true one.",
        "Somebody on the way replaces the answer to the name lookup.",
    ),
    (C.DNS_INJECTION, "tcp_rst"): M("The name lookup over TCP was cut."),
    (C.DNS_DROP, None): M(
        "The lookup of this name got no answer.",
        "Lookups of this name get no answer; those of other names do.",
    ),
    (C.RESOLVER_BLOCKED, None): M("Resolvers other than the network's own do not answer."),
    (C.RESOLVER_BLOCKED, "udp53"): M("Other resolvers do not answer ordinary lookups."),
    (C.RESOLVER_BLOCKED, "tcp53"): M("Other resolvers do not answer lookups over TCP."),
    (C.RESOLVER_BLOCKED, "dot"): M("Encrypted lookups (DNS over TLS) do not get through."),
    (C.RESOLVER_BLOCKED, "doh"): M("Encrypted lookups (DNS over HTTPS) do not get through."),
    (C.IP_BLOCK, None): M(
        "The service's addresses did not answer.",
        "The service's addresses cannot be reached from here.",
    ),
    (C.IP_BLOCK, "silent"): M(
        "Nothing comes back from the service's addresses.",
        "Packets to the service's addresses disappear on the way.",
    ),
    (C.IP_BLOCK, "icmp"): M("The network reports that these addresses are not to be reached."),
    (C.IP_BLOCK, "routing"): M("The network reports no route to the service's addresses."),
    (C.IP_BLOCK, "post_handshake"): M("The connection is made; then nothing comes back."),
    (C.PORT_BLOCK, None): M("This port of the service cannot be reached."),
    (C.PORT_BLOCK, "silent"): M("Nothing comes back from this port of the service."),
    (C.PORT_BLOCK, "rst"): M("The connection to this port was refused at once."),
    (C.PORT_BLOCK, "icmp"): M("The network reports that this port is not to be reached."),
    (C.PORT_BLOCK, "rst_after_connect"): M("The connection was cut as soon as it was made."),
    (C.TLS_SNI_RESET, None): M("The connection was cut right after we named the site."),
    (C.TLS_SNI_RESET, "injected"): M(
        "The connection was cut right after we named the site, sooner than the site could answer.",
        "Somebody on the way cuts the connection as soon as the site is named.",
    ),
    (C.TLS_SNI_RESET, "rewrite"): M(
        "The connection was cut right after we named the site.",
        "Somebody on the way turns the site's answer into a cut once the site is named.",
    ),
    (C.TLS_SNI_RESET, "fin"): M("The connection was closed right after we named the site."),
    (C.TLS_SNI_DROP, None): M("Nothing more came back after we named the site."),
    (C.TLS_SNI_DROP, "unacked"): M(
        "After we named the site, nothing came back, not even a receipt.",
        "Packets that name the site disappear on the way.",
    ),
    (C.TLS_SNI_DROP, "after_ack"): M(
        "The message that names the site was received; then nothing came back.",
        "Once the site is named, the connection goes dead.",
    ),
    (C.TLS_FINGERPRINT_BLOCK, None): M("Connections of a certain form do not get through."),
    (C.TLS_FINGERPRINT_BLOCK, "server_cert"): M(
        "The connection ends when the server shows its certificate."
    ),
    (C.TLS_FINGERPRINT_BLOCK, "no_name"): M("Connections that name no site do not get through."),
    (C.TLS_FINGERPRINT_BLOCK, "ech"): M("Connections that hide the site's name fail."),
    (C.TLS_FINGERPRINT_BLOCK, "version"): M("One version of the encryption does not get through."),
    (C.TLS_FINGERPRINT_BLOCK, "hello"): M(
        "One program's way to open a connection fails where another's gets through."
    ),
    (C.TLS_MITM, None): M(
        "The certificate that came is not the service's.",
        "Somebody on the way poses as the service.",
    ),
    (C.TLS_MITM, "self_signed"): M(
        "The certificate that came vouches only for itself.",
        "Somebody on the way poses as the service, with a home-made certificate.",
    ),
    (C.TLS_MITM, "unknown_ca"): M(
        "The certificate that came is from an unknown authority.",
        "Somebody on the way poses as the service, with an unknown authority's certificate.",
    ),
    (C.TLS_MITM, "wrong_name"): M(
        "The certificate that came is for another name.",
        "Somebody on the way answers with a certificate for another name.",
    ),
    (C.TLS_MITM, "state_ca"): M(
        "The certificate that came is from a state's authority.",
        "Somebody on the way poses as the service, with a state authority's certificate.",
    ),
    (C.TLS_MITM, "alert"): M(
        "The encryption was broken off with an error message.",
        "Somebody on the way breaks the encryption off with an error message.",
    ),
    (C.HTTP_BLOCK, None): M("The unencrypted request was stopped."),
    (C.HTTP_BLOCK, "reset"): M("The connection was cut after the unencrypted request."),
    (C.HTTP_BLOCK, "drop"): M("Nothing came back after the unencrypted request."),
    (C.HTTP_BLOCK, "fin"): M("The connection was closed after the unencrypted request."),
    (C.HTTP_BLOCK, "keyword"): M("The connection was cut after a word in the request."),
    (C.BLOCKPAGE, None): M("Another page came instead of the service's.", "A block page came."),
    (C.BLOCKPAGE, "page"): M(
        "A page came that is not the service's.", "A block page came instead of the service's."
    ),
    (C.BLOCKPAGE, "redirect"): M(
        "The request was sent on to a place that is not the service's.",
        "The request was sent on to a block page.",
    ),
    (C.BLOCKPAGE, "status"): M("The request was turned down with a status that is not its own."),
    (C.BLOCKPAGE, "proxy"): M("A machine on the way answered instead of the service."),
    (C.HTTP_TAMPER, None): M("The page seems changed.", "The page is changed on the way."),
    (C.HTTP_TAMPER, "truncated"): M("The page came cut short."),
    (C.HTTP_TAMPER, "modified"): M(
        "The page is not what the service sends.", "The page is changed on the way."
    ),
    (C.QUIC_BLOCK, None): M("HTTP/3 does not get through; ordinary HTTPS does."),
    (C.QUIC_BLOCK, "generic"): M("HTTP/3 does not get through to any service."),
    (C.QUIC_BLOCK, "version"): M("The usual version of HTTP/3 does not get through."),
    (C.QUIC_BLOCK, "sni"): M("HTTP/3 does not get through when the site is named."),
    (C.QUIC_BLOCK, "ip"): M("HTTP/3 does not get through to the service's addresses."),
    (C.QUIC_BLOCK, "inject"): M("HTTP/3 connections are closed by a packet from the way."),
    (C.THROTTLE, None): M("It is slow; the cause was not tested yet.", "It is slowed on the way."),
    (C.THROTTLE, "sni_police"): M(
        "It is slow; the cause was not tested yet.",
        "The line is slowed as soon as the site is named.",
    ),
    (C.THROTTLE, "sni_extreme"): M(
        "Only a trickle comes through.",
        "Only a trickle comes through as soon as the site is named.",
    ),
    (C.THROTTLE, "shape"): M(
        "It never goes faster than a certain pace.", "Its pace is held down on the way."
    ),
    (C.THROTTLE, "delay"): M("Each answer takes long.", "Its answers are held back on the way."),
    (C.THROTTLE, "prefix"): M("The whole network that the service sits in is slow from here."),
    (C.TRANSFER_FREEZE, None): M("The transfer stops after a short while."),
    (C.TRANSFER_FREEZE, "packets"): M("The transfer stops after a fixed number of packets."),
    (C.TRANSFER_FREEZE, "bytes"): M("The transfer stops after a fixed amount."),
    (C.TRANSFER_FREEZE, "conn_policing"): M("Of many connections in a row the later ones stall."),
    (C.INSUFFICIENT, None): M("There is not enough evidence to say anything."),
}
