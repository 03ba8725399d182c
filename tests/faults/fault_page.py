"""fault_page.py: the runner's side of fault_page.h: writes the orders that the
fault layer follows, reads back what was counted. One page a run; the file is
removed with the folder that holds it."""

import mmap
import os
import re
import struct

MAGIC = 0x464c5450
MOST_CALLS = 512
MOST_PROCESSES = 32
SHORT = 1
PROGRAM, WRITER = 0, 1
SCOPES = {"program": PROGRAM, "writer": WRITER}
# kStarting (a process that stepped aside makes no further call) and kAside.
MODES_UNTRACED = (1, 4)

MOST_ORDERS = 4
MAGIC_BYTES = struct.Struct("<Q")
ORDER = struct.Struct("<iiIIQQ")
CALLS = MAGIC_BYTES.size + MOST_ORDERS * ORDER.size
PROCESSES = CALLS + 2 * MOST_CALLS * 8
PROCESS = struct.Struct("<iIQ")
PAGE_BYTES = PROCESSES + MOST_PROCESSES * PROCESS.size


def call_names():
    """{number: name} of this machine's system calls."""
    names = {}
    for header in ("/usr/include/x86_64-linux-gnu/asm/unistd_64.h",
                   "/usr/include/asm/unistd_64.h"):
        if os.path.exists(header):
            with open(header, encoding="utf-8") as file:
                for name, number in re.findall(
                        r"#define __NR_(\w+)\s+(\d+)", file.read()):
                    names[int(number)] = name
            break
    return names


class FaultPage:
    def __init__(self, path, orders):
        """`orders`: tuples (number, error, scope, for_ever, nth)."""
        words = [ORDER.pack(*order, 0) for order in orders]
        words += [ORDER.pack(-1, 0, 0, 0, 0, 0)] * (MOST_ORDERS - len(words))
        with open(path, "wb") as file:
            file.write((MAGIC_BYTES.pack(MAGIC) + b"".join(words))
                       .ljust(PAGE_BYTES, b"\0"))
        self.path = path
        descriptor = os.open(path, os.O_RDWR)
        self.bytes = mmap.mmap(descriptor, PAGE_BYTES)
        os.close(descriptor)

    def hits(self):
        """Faults given by the first order."""
        return ORDER.unpack_from(self.bytes, MAGIC_BYTES.size)[5]

    def calls(self, scope):
        """{number: how often} of the calls made in `scope`."""
        counts = struct.unpack_from(f"<{MOST_CALLS}Q", self.bytes,
                                    CALLS + scope * MOST_CALLS * 8)
        return {number: count for number, count in enumerate(counts) if count}

    def processes(self):
        """{pid: (mode, lost snapshots)} of the processes that were traced."""
        rows = {}
        for i in range(MOST_PROCESSES):
            pid, mode, lost = PROCESS.unpack_from(
                self.bytes, PROCESSES + i * PROCESS.size)
            if pid:
                rows[pid] = (mode, lost)
        return rows

    def close(self):
        self.bytes.close()
