"""Ask one resolver: over UDP with every answer of the window, TCP, DoT, DoH, or the system's way.

Answers are facts: wrong ids, rubbish and second answers are kept, because a forged answer shows
itself as the second one, the malformed one, or the one that came too soon.
"""

from probe.wire.dns.asked import Asked, FirstAnswer
from probe.wire.dns.connection import Kept, StreamTimes
from probe.wire.dns.doh import ask_doh
from probe.wire.dns.stream import ask_dot, ask_tcp
from probe.wire.dns.system import ask_system
from probe.wire.dns.udp import ask_udp

__all__ = [
    "Asked",
    "FirstAnswer",
    "Kept",
    "StreamTimes",
    "ask_doh",
    "ask_dot",
    "ask_system",
    "ask_tcp",
    "ask_udp",
]
