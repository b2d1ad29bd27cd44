"""The virtual executor: both ends of the path in this process, on trio's mock clock."""

from probe.lab.virtual.net import VirtualNet, run_virtual, virtual_net

__all__ = ["VirtualNet", "run_virtual", "virtual_net"]
