"""The kernel's lab: real network stacks in namespaces, and any command as the client."""

from probe.lab.kernel.available import kernel_available
from probe.lab.kernel.child import call_in_world
from probe.lab.kernel.command import Finished, play_command, run_command
from probe.lab.kernel.net import KernelNet, kernel_net

__all__ = [
    "Finished",
    "KernelNet",
    "call_in_world",
    "kernel_available",
    "kernel_net",
    "play_command",
    "run_command",
]
