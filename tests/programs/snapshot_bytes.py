"""snapshot_bytes.py: a second reader of the snapshot format, written from
include/heapline/snapshot_format.h alone and sharing no code with the analyzer.
Strict: anything unsound raises. For tests of what the shim writes; checksums
are the analyzer's to verify."""

import os
import re
import struct

SOURCE = os.environ.get(
    "HEAPLINE_SOURCE_DIR",
    os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

PROPERTIES, MODULES, THREADS, LABELS, NODES, COUNTERS, BLOCKS, EPOCHS = range(
    1, 9)
POOL_BLOCKS, MAPPED_REGIONS = 9, 10
ROOTS, EDGES, OBJECT_WORDS, MAPPINGS = 11, 12, 13, 14
TYPE_NAMES, ROOT_AREAS = 18, 19
END = 0x00646E65

(ROOT_GLOBAL, ROOT_TLS, ROOT_THREAD, ROOT_REGION, ROOT_REGISTER, ROOT_STACK,
 ROOT_MAPPING, ROOT_UNTRACED) = range(8)
WORD_MODULE, WORD_COUNTS = 1, 2

THREAD_LEADER, THREAD_NOT_STOPPED, THREAD_IN_VFORK, THREAD_PARKED_LATE = (
    1, 2, 4, 8)


def property_names():
    path = os.path.join(SOURCE, "include/heapline/snapshot_properties.def")
    with open(path, encoding="utf-8") as file:
        rows = re.findall(r"^HL_PROPERTY\((\d+), (\w+), (\w+),", file.read(),
                          re.M)
    return {int(number): (name, kind) for number, kind, name in rows}


class Cursor:
    def __init__(self, data):
        self.data = data
        self.at = 0

    def more(self):
        return self.at < len(self.data)

    def number(self):
        value = shift = 0
        while True:
            byte = self.data[self.at]
            self.at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7
            if shift > 63:
                raise ValueError("varint too long")

    def signed(self):
        value = self.number()
        return (value >> 1) ^ -(value & 1)

    def text(self):
        length = self.number()
        if length > len(self.data) - self.at:
            raise ValueError("text past the end of its section")
        self.at += length
        return self.data[self.at - length:self.at]


class Snapshot:
    """Every section as a list of tuples or a dict, as its records stand."""

    def __init__(self, path):
        with open(path, "rb") as file:
            data = file.read()
        magic, version, header_bytes, _, pointer_bytes, _, _ = struct.unpack(
            "<8sIIHHIQ", data[:32])
        if (magic, version, header_bytes, pointer_bytes) != (
                b"\x7fHLSNAP\n", 1, 32, 8):
            raise ValueError(f"{path}: bad file header")
        self.path = path
        self.properties = {}
        self.end = None
        self.modules, self.threads, self.labels = [], [], []
        self.nodes = {0: (0, 5, 0, 0)}  # id: parent, kind, address, generation
        self.counters, self.epochs, self.mappings = [], [], []
        self.blocks, self.pool_blocks, self.mapped_regions = [], [], []
        self.roots = []  # kind, owner, source, block, place
        self.root_areas = []  # kind, owner, start, bytes, unreadable bytes
        self.edges = []  # from, offset, to, place
        self.object_words = []  # block, index, kind, address or (low, high)
        self.type_names = []  # address, name
        at = 32
        while at < len(data):
            if self.end is not None:
                raise ValueError(f"{path}: bytes after the end section")
            (section, encoding, _, stored, plain, count, _) = struct.unpack(
                "<IHHQQQQ", data[at:at + 40])
            payload = data[at + 40:at + 40 + stored]
            if len(payload) != stored or encoding != 0 or plain != stored:
                raise ValueError(f"{path}: bad section header at {at}")
            if plain > 4 << 20:
                raise ValueError(f"{path}: section too large at {at}")
            read = self.read_section(section, Cursor(payload))
            if read is not None and read != count:
                raise ValueError(f"{path}: {read} records, said {count}")
            at += 40 + stored
        if self.end is None:
            raise ValueError(f"{path}: no end section")
        self.properties.update(self.end)
        self.check()

    def read_section(self, section, cursor):
        readers = {
            PROPERTIES: lambda: self.read_properties(cursor, self.properties),
            MODULES: lambda: self.read_modules(cursor),
            THREADS: lambda: self.read_threads(cursor),
            LABELS: lambda: self.read_labels(cursor),
            NODES: lambda: self.read_nodes(cursor),
            COUNTERS: lambda: self.read_counters(cursor),
            BLOCKS: lambda: self.read_blocks(cursor, self.blocks),
            POOL_BLOCKS: lambda: self.read_blocks(cursor, self.pool_blocks),
            MAPPED_REGIONS: lambda: self.read_blocks(
                cursor, self.mapped_regions),
            MAPPINGS: lambda: self.read_mappings(cursor),
            EPOCHS: lambda: self.read_epochs(cursor),
            ROOTS: lambda: self.read_roots(cursor),
            EDGES: lambda: self.read_edges(cursor),
            OBJECT_WORDS: lambda: self.read_object_words(cursor),
            TYPE_NAMES: lambda: self.read_type_names(cursor),
            ROOT_AREAS: lambda: self.read_root_areas(cursor),
            END: lambda: self.read_end(cursor),
        }
        return readers[section]() if section in readers else None

    def read_properties(self, cursor, into):
        names = property_names()
        count = 0
        while cursor.more():
            key = cursor.number()
            name, kind = names[key >> 1]
            if (kind == "Text") != (key & 1 == 1):
                raise ValueError(f"{name}: wrong kind")
            into[name] = (cursor.text().decode("utf-8", "replace")
                          if key & 1 else cursor.number())
            count += 1
        return count

    def read_end(self, cursor):
        self.end = {}
        return self.read_properties(cursor, self.end)

    def read_modules(self, cursor):
        count = 0
        while cursor.more():
            start = cursor.number()
            self.modules.append({
                "start": start, "end": start + cursor.number(),
                "bias": cursor.signed(), "generation": cursor.number(),
                "flags": cursor.number(), "build_id": cursor.text().hex(),
                "path": cursor.text().decode()})
            count += 1
        return count

    def read_threads(self, cursor):
        count = 0
        while cursor.more():
            self.threads.append({
                "tid": cursor.number(), "flags": cursor.number(),
                "node": cursor.number(), "sp": cursor.number(),
                "stack_end": cursor.number(), "name": cursor.text().decode()})
            count += 1
        return count

    def read_labels(self, cursor):
        count = 0
        while cursor.more():
            self.labels.append(
                (cursor.number(), cursor.number(), cursor.text().decode()))
            count += 1
        return count

    def read_nodes(self, cursor):
        count = address = 0
        node = cursor.number()
        while cursor.more():
            packed = cursor.number()
            address += cursor.signed()
            generation = cursor.number() if packed & 8 else 0
            parent = node - (packed >> 4)
            if not 0 <= parent < node or node in self.nodes:
                raise ValueError(f"node {node}: parent {parent}")
            self.nodes[node] = (parent, packed & 7, address, generation)
            node += 1
            count += 1
        return count

    def read_counters(self, cursor):
        count = node = 0
        while cursor.more():
            node += cursor.number()
            self.counters.append(
                (node, cursor.number(), cursor.number(), cursor.number()))
            count += 1
        return count

    def read_blocks(self, cursor, into):
        count = address = 0
        while cursor.more():
            address += cursor.number() << 4
            into.append(
                (address, cursor.number(), cursor.number(), cursor.number()))
            count += 1
        return count

    def read_mappings(self, cursor):
        count = 0
        while cursor.more():
            self.mappings.append({
                "start": cursor.number(), "bytes": cursor.number(),
                "resident_bytes": cursor.number(), "flags": cursor.number(),
                "path": cursor.text().decode()})
            count += 1
        return count

    def read_epochs(self, cursor):
        count = epoch = nanoseconds = 0
        while cursor.more():
            epoch += cursor.number()
            nanoseconds += cursor.number()
            self.epochs.append((epoch, nanoseconds, cursor.number()))
            count += 1
        return count

    def read_roots(self, cursor):
        count = source = block = 0
        while cursor.more():
            kind, owner = cursor.number(), cursor.number()
            source += cursor.signed()
            block += cursor.signed() << 4
            if kind > ROOT_UNTRACED or source < 0 or block < 0:
                raise ValueError("a root's kind or address is none")
            self.roots.append((kind, owner, source, block, cursor.number()))
            count += 1
        return count

    def read_root_areas(self, cursor):
        count = 0
        while cursor.more():
            self.root_areas.append(tuple(cursor.number() for _ in range(5)))
            count += 1
        return count

    def read_edges(self, cursor):
        count = origin = offset = target = 0
        while cursor.more():
            head = cursor.number()
            step = cursor.number() << 4 if head & 2 else 0
            if count and (step == 0 if head & 2 else head >> 2 == 0):
                raise ValueError("edges do not ascend")
            if not count and not head & 2:
                raise ValueError("an edge from nowhere")
            origin += step
            offset = (head >> 2) * 8 + (0 if head & 2 else offset)
            target += cursor.signed() << 4
            place = cursor.number() if head & 1 else 0
            if (place == 0) == (head & 1 == 1):
                raise ValueError("an interior edge to a start")
            self.edges.append((origin, offset, target, place))
            count += 1
        return count

    def read_object_words(self, cursor):
        count = block = address = 0
        while cursor.more():
            head = cursor.number()
            if head & 4:
                block += cursor.number() << 4
            kind = head & 3
            if kind == WORD_MODULE:
                address += cursor.signed()
                value = address
            elif kind == WORD_COUNTS:
                value = (cursor.number(), cursor.number())
                if max(value) >= 1 << 20:
                    raise ValueError("a count is too large")
            else:
                raise ValueError(f"object word of kind {kind}")
            if head >> 3 > 7 or block == 0:
                raise ValueError("an object word out of place")
            self.object_words.append((block, head >> 3, kind, value))
            count += 1
        return count

    def read_type_names(self, cursor):
        count = 0
        while cursor.more():
            self.type_names.append((cursor.number(), cursor.text().decode()))
            count += 1
        return count

    def check_graph(self):
        """What must hold of the graph: it is between blocks that are there."""
        if not self.properties["graph"]:
            return
        sizes = {block[0]: block[1] for block in self.blocks}
        sizes.update({block[0]: block[1] for block in self.pool_blocks})
        origins = [edge[:2] for edge in self.edges]
        if origins != sorted(set(origins)):
            raise ValueError("edges do not ascend")
        words = [word[:2] for word in self.object_words]
        if words != sorted(set(words)):
            raise ValueError("object words do not ascend")
        for origin, offset, target, place in self.edges:
            if offset % 8 or place > sizes[target] or origin not in sizes:
                raise ValueError("an edge into nothing")
        for _, _, _, block, place in self.roots:
            if place > sizes[block]:
                raise ValueError("a root past its block")
        for block, index, _, _ in self.object_words:
            if (index + 1) * 8 > sizes[block]:
                raise ValueError("an object word past its block")
        for name in ("roots", "edges", "object_words"):
            if self.end["written_" + name] != len(getattr(self, name)):
                raise ValueError(f"written_{name} is not what is there")

    def check(self):
        """The equations that every snapshot must satisfy."""
        says = self.properties
        addresses = [block[0] for block in self.blocks]
        if addresses != sorted(set(addresses)):
            raise ValueError("blocks do not ascend")
        for _, _, node, epoch in self.blocks + self.pool_blocks:
            if node not in self.nodes or epoch > says["epoch"]:
                raise ValueError("a block's node or epoch is not there")
        if not says["sample_mean_bytes"]:
            live = sum(block[1] for block in self.blocks + self.pool_blocks)
            count = len(self.blocks) + len(self.pool_blocks)
            if live - says["container_bytes"] != says["live_bytes"]:
                raise ValueError("blocks do not sum to live_bytes")
            if count - says["container_count"] != says["live_count"]:
                raise ValueError("blocks do not sum to live_count")
        for name, records in (("modules", self.modules),
                              ("threads", self.threads),
                              ("counters", self.counters),
                              ("blocks", self.blocks)):
            if self.end["written_" + name] != len(records):
                raise ValueError(f"written_{name} is not what is there")
        if self.end["written_nodes"] != len(self.nodes) - 1:
            raise ValueError("written_nodes is not what is there")
        self.check_graph()


def properties_of(path):
    """The properties alone: of a large snapshot nothing else is read."""
    snapshot = Snapshot.__new__(Snapshot)
    properties = {}
    with open(path, "rb") as file:
        file.seek(32)
        while header := file.read(40):
            section, _, _, stored, _, _, _ = struct.unpack("<IHHQQQQ", header)
            if section in (PROPERTIES, END):
                snapshot.read_properties(Cursor(file.read(stored)), properties)
            else:
                file.seek(stored, os.SEEK_CUR)
    return properties


if __name__ == "__main__":
    import sys
    for argument in sys.argv[1:]:
        snapshot = Snapshot(argument)
        print(argument, len(snapshot.blocks), "blocks", len(snapshot.modules),
              "modules", len(snapshot.nodes), "nodes", len(snapshot.roots),
              "roots", len(snapshot.edges), "edges",
              len(snapshot.object_words), "object words")
        for key, value in snapshot.properties.items():
            print(f"  {key} = {value}")
        for thread in snapshot.threads:
            print("  thread", thread)
