"""Every threshold of the judge, each with its source, in one place so that a campaign can vary it.

"techniques" is the project's catalogue of blocking techniques (docs/techniques.md).
"""

# --- timing of a reset or an answer against the round trip --------------------------------------

# techniques 6.3 row 14: sooner than 0.7 round trips cannot come from the server itself. In the lab
# an on-path injector at a third of the path answered after 0.3, the server after 1.0 to 1.1.
INJECTED_RATIO_MAX = 0.7
# techniques S02: a rewritten server packet arrives with the server's own timing. Measured in the
# lab: 53 ms at a round trip of 52 ms; the upper end leaves room for jitter.
REWRITE_RATIO_MIN = 0.9
REWRITE_RATIO_MAX = 1.3
# A connection time alone may hold a lost SYN: one sample proves nothing about the round trip.
RTT_SAMPLES_MIN = 2
# Two sightings of an artefact suffice (techniques 4.2, last paragraph).
ARTEFACT_SIGHTINGS = 2

# A box in this house answers within its network's round trip: a few milliseconds, and some tens on
# crowded wireless (general knowledge). What ends later came from beyond the house.
HOUSE_MAX_S = 0.03

# --- TCP_INFO -------------------------------------------------------------------------------------

# techniques 3.4 (measured): bytes_acked counts the SYN, so 1 means nobody acknowledged the hello.
BYTES_ACKED_SYN_ONLY = 1
# A TLS reply below this fits into one packet, so it says nothing about large ones (RFC 8446 needs
# more than one packet for any certificate chain in use). Ethernet's TCP segment carries 1,460.
ONE_PACKET_BYTES = 1_460

# --- attempts -------------------------------------------------------------------------------------

# techniques 4.2 and 0.1: a first block of 3 + 3 is a screen (p = 0.05 at best); what stays fully
# discordant goes on with a block of 9 + 9, together 1.0e-6. Giving up after the first block is
# free; nothing is declared there, so no alpha is spent.
FIRST_BLOCK_ROUNDS = 3
LAST_ROUND = 12
BLOCKS = ((1, FIRST_BLOCK_ROUNDS), (FIRST_BLOCK_ROUNDS + 1, LAST_ROUND))
# A re-check sooner than this was not after a wait at all (waits are scaled by the pace factor).
RECHECK_GAP_S = 45.0
# Rounds from here on are re-checks (after a wait), never attempts of a test.
RECHECK_ROUND = 90
# techniques 6.1: the grades' bounds.
P_CONFIRMED = 1e-4
P_STRONG = 1e-2
P_PROBABLE = 0.05
# techniques 4.5: a lie is said three times before it is `strong`, and two operators say otherwise.
LIES_STRONG = 3
HONEST_OPERATORS_STRONG = 2
# Two failing connection attempts to an address, or two addresses, before silence is more than loss.
SILENT_TRIES_MIN = 2

# --- residual state -------------------------------------------------------------------------------

# techniques 1.9: GFW name filters remember (client, server, port) for 60 to 180 s.
WAIT_QUICK_S = 120.0
# techniques 0.3: with residual state about, slots are 1.2 times its length apart, 600 s at most.
RESIDUAL_SLOT_S = 216.0
# Between connections to a neutral host beside the target's: as long as each of those may take.
MEANWHILE_S = 10.0
# The same where a neutral name passed after the wait: the memory is shorter than that (0.3).
RESIDUAL_SLOT_MEASURED_S = 1.2 * WAIT_QUICK_S
# So many ends that the server cannot have sent, and the name as the only difference, are `strong`.
TOO_SOON_STRONG = 8

# --- throughput -----------------------------------------------------------------------------------

# techniques R02: after the ServerHello, fewer than 2,000 bytes a second is throttling, not a drop.
EXTREME_RATE_BYTES_S = 2_000.0
# techniques 4.3.5: the extreme case is a mean over at least 8 s; a handshake with our own idle
# limit of 10 s may end before that, so four seconds with bytes at three times already count.
TRICKLE_SPAN_S = 4.0
TRICKLE_TIMES_MIN = 3
# ... and a handshake's worth of bytes makes a mean.
EXTREME_MIN_BYTES = 3_000
# A read gives up after 20 s without bytes; what ended less than this after its last bytes was still
# trickling when our patience for the whole ended.
STALL_S = 15.0
# techniques 4.3: detect with 64 KB or more, after the first 32 KB (the policer's bucket).
TRANSFER_MIN_BYTES = 49_152
BUCKET_BYTES = 32_768
# techniques 4.3: estimate the rate with 128 to 256 KB; sixteen of them are 2 MB.
SIZED_BYTES = 131_072
# techniques 4.3.4.
THROTTLE_RATIO_MAX = 1 / 3
THROTTLE_RATIO_UPPER = 1 / 2
THROTTLE_CV_MAX = 0.25
THROTTLE_FLOWS = 8
# One look: only a tenfold difference is worth a suspicion (all known censors' throttles are tenfold
# or more, techniques 4.3), and only below a rate at which a page is slow for people: 512 kbit/s.
LOOK_RATIO_MAX = 1 / 10
LOOK_RATE_MAX_BPS = 512_000.0
# A line whose controls are slower than this cannot tell slow from slowed.
CONTROL_RATE_MIN_BPS = 1_000_000.0
# techniques 4.4: the freeze stops between 8 and 40 KB, with little spread.
FREEZE_MIN_BYTES = 6_000
FREEZE_MAX_BYTES = 40_960
FREEZE_SPREAD_MAX = 0.25
FREEZE_RUNS_STRONG = 4
# Over QUIC a control has gone further when it carried so many times what these pages did.
FREEZE_MARGIN = 1.5
# So many connections of nothing but PINGs that all stop (or all do not) tell packets from bytes.
PING_RUNS = 2
# A connection that stopped for its packets carried less than this share of what downloads did.
PING_BYTES_SHARE_MAX = 1 / 2
# Rounds from here on are those connections, never attempts of a test.
PING_ROUND = 80
# Handshake time under an added delay (techniques R04: 70-100 ms became 3 s; one second each way,
# of which the hello's own way is not delayed yet, is the least that is worth a question).
DELAY_FACTOR_MIN = 4.0
DELAY_MIN_S = 0.7
# techniques 4.3: a shaped download comes packet by packet, a policed one in bursts between stalls.
# Mean over median gap in the lab: shaped 1.0 to 1.1, policed 2.1 to 9.
BURSTS_MIN = 5
SHAPED_BURSTS_MAX = 1.4
POLICED_BURSTS_MIN = 1.7

# --- DNS ------------------------------------------------------------------------------------------

# resolv.conf(5): a resolver is given 5 s by default; what failed much sooner was an answer.
GAVE_UP_S = 3.0
# RFC 8914 sections 4.16, 4.17 and 4.19: Blocked, Censored, Prohibited. Filtered (4.18) is what the
# client asked for: parental control, malware protection.
EDE_ADMISSIONS = frozenset({15, 16, 18})
EDE_BY_WISH = 17

# --- ICMP -----------------------------------------------------------------------------------------

# RFC 792, RFC 1812 5.2.7.1 (IPv4 type 3) and RFC 4443 3.1 (IPv6 type 1): "administratively
# prohibited" in its spellings.
ICMP_PROHIBITED = frozenset({(3, 9), (3, 10), (3, 13), (1, 1), (1, 5), (1, 6)})
# A router that looks for a dead neighbour gives up after about 3 s (RFC 4861 section 10:
# three solicitations a second apart; Linux does the same for ARP): later errors are its.
UNREACHABLE_FAST_S = 2.0

# --- certificates ---------------------------------------------------------------------------------

# techniques E02: issuers that name a product which people install (general knowledge, 2026). They
# speak only where this machine trusts their root.
LOCAL_ISSUERS = (
    "adguard",
    "antivirus",
    "anti-virus",
    "avast",
    "avg ",
    "bitdefender",
    "charles proxy",
    "eset ssl",
    "fiddler",
    "kaspersky",
    "mcafee",
    "mitmproxy",
    "net nanny",
    "norton",
    "qustodio",
    "web shield",
    "zscaler",
)

# --- gates ----------------------------------------------------------------------------------------

# A quorum needs more than one operator; with fewer tried controls a gate says `unknown`.
GATE_OPERATORS_MIN = 2
GATE_FOREIGN_MIN = 3
# Under an allow-list at most a few listed hosts abroad pass; where half the controls are blocked
# (China, Iran, Russia) services must still be judged.
ALLOWLIST_FOREIGN_MIN = 5
ALLOWLIST_SHARE_MAX = 0.2
# Certificates of every name look wrong by date when the clock is off by more than leaf certificates
# overlap their issue; a day is also what HTTP's Date of a cached page may be off.
CLOCK_SKEW_S = 86_400.0
# Controls asked in the first batch, and domestic ones afterwards.
GATE_FIRST_CONTROLS = 14
GATE_DOMESTIC_CONTROLS = 3
# A control is slow when a download of 16 KB or more is slower than this.
GATE_TRANSFER_MIN_BYTES = 16_384
