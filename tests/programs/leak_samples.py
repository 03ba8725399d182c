"""Each program of samples/leaks is named by a report as its first comment
says: the line first, with the exact number of blocks and bytes; and the fixed
variant has what the second line says, no more."""

import os
import re
import unittest

import wrapping

FOLDER = os.path.join(wrapping.SOURCE, "samples", "leaks")

# Runs until it is told to end; LiveProcess tests it.
ENDLESS = {"growing_service.cc"}


def promises(source):
    """({field: number or text} for the broken and for the fixed variant)."""
    with open(os.path.join(FOLDER, source), encoding="utf-8") as file:
        expect, fixed = file.readline(), file.readline()
    broken = re.match(r"// Expect: (\S+:\d+) (.+)$", expect)
    repaired = re.match(r"// Fixed: (.+)$", fixed)
    assert broken and repaired, f"{source}: no Expect and Fixed lines"

    def fields(text):
        return dict(pair.split("=") for pair in text.split() if "=" in pair)
    return broken.group(1), fields(broken.group(2)), fields(repaired.group(1))


def is_line(row, line):
    return os.path.basename(row["key"]) == line


class LeakSamples(wrapping.WrappingTest):
    # The name of a promised number: its field in a report's row.
    FIELDS = {"blocks": "live_count", "bytes": "live_bytes",
              "total_blocks": "total_count", "total_bytes": "total_bytes",
              "growth": "growth_count"}

    def trace(self, program):
        outcome = self.run_traced([os.path.join(wrapping.SAMPLES, program)])
        self.assertEqual((0, b"", b""),
                         (outcome.status, outcome.stdout, outcome.stderr))
        return self.snapshots_of(program)

    def hold(self, source):
        line, expected, fixed = promises(source)
        name = os.path.splitext(source)[0]
        self.hold_variant(line, expected, self.trace(name), must_be_first=True)
        self.hold_variant(line, fixed, self.trace(name + "_fixed"),
                          must_be_first=False)

    def hold_variant(self, line, expected, snapshots, must_be_first):
        cuts = 2 if "growth" in expected else 1
        self.assertEqual(cuts, len(snapshots), snapshots)
        by = expected.pop("sort", "bytes")
        growth = expected.pop("growth", None)
        self.expect_sums(snapshots[-1], keys=["line"])
        top = self.report("top", snapshots[-1], "--sort", by,
                          *wrapping.ALL_ROWS)
        self.hold_row(top["rows"], line, expected, must_be_first)
        if growth is not None:
            diff = self.report("diff", *snapshots, *wrapping.ALL_ROWS)
            self.hold_row(diff["rows"], line, {"growth": growth},
                          must_be_first)

    def hold_row(self, rows, line, expected, must_be_first):
        if must_be_first:
            self.assertTrue(rows and is_line(rows[0], line),
                            f"{line} is not first: " +
                            ", ".join(row["key"] for row in rows[:3]))
        found = [row for row in rows if is_line(row, line)]
        self.assertLessEqual(len(found), 1)
        row = found[0] if found else {}
        for name, value in expected.items():
            self.assertEqual(int(value), row.get(self.FIELDS[name], 0),
                             f"{name} of {line}")

    def test_allocation_wrapper(self):
        self.hold("allocation_wrapper.c")

    def test_bounded_cache(self):
        self.hold("bounded_cache.cc")

    def test_closure_holding_buffer(self):
        self.hold("closure_holding_buffer.cc")

    def test_early_return(self):
        self.hold("early_return.c")

    def test_global_append(self):
        self.hold("global_append.cc")

    def test_listener_never_removed(self):
        self.hold("listener_never_removed.cc")

    def test_lost_list_head(self):
        self.hold("lost_list_head.c")

    def test_lost_pointer(self):
        self.hold("lost_pointer.c")

    def test_shared_ptr_cycle(self):
        self.hold("shared_ptr_cycle.cc")

    def test_string_churn(self):
        self.hold("string_churn.cc")

    def test_thread_local_pool(self):
        self.hold("thread_local_pool.cc")

    def test_unbounded_cache(self):
        self.hold("unbounded_cache.cc")

    def test_every_sample_is_tested(self):
        sources = {name for name in os.listdir(FOLDER)
                   if name.endswith((".c", ".cc"))}
        tested = {name[len("test_"):] for name in dir(self)
                  if name.startswith("test_")}
        self.assertEqual(set(), {name for name in sources - ENDLESS
                                 if os.path.splitext(name)[0] not in tested})


class LiveProcess(wrapping.WrappingTest):
    def grown_rows(self, program):
        service = self.start_traced(
            [os.path.join(wrapping.SAMPLES, program), "60"], "at_exit=0")
        pid = str(service.pid)
        self.wait_until(
            lambda: self.run_program([wrapping.HEAPLINE, "status",
                                      pid]).status == 0, "status answers")
        self.wait_until(
            lambda: self.info(self.cut(pid))["total_count"] > 200,
            "the service has begun to work")
        old = self.cut(pid)
        self.wait_until(
            lambda: self.info(self.cut(pid))["uptime_ns"] >
            self.info(old)["uptime_ns"] + 1.5e9, "1.5 s of work")
        new = self.cut(pid)
        service.terminate()
        self.assertEqual(0, service.wait(20))
        return self.report("diff", old, new)["rows"]

    def cut(self, pid):
        path = self.heapline("snapshot", pid).strip()
        self.assertTrue(os.path.exists(path), path)
        return path

    def test_growing_service(self):
        line, _, _ = promises("growing_service.cc")
        rows = self.grown_rows("growing_service")
        self.assertTrue(is_line(rows[0], line), rows[0]["key"])
        self.assertGreater(rows[0]["growth_count"], 200)
        self.assertEqual(rows[0]["growth_count"] * 2048,
                         rows[0]["growth_bytes"])

    def test_growing_service_fixed(self):
        line, _, _ = promises("growing_service.cc")
        for row in self.grown_rows("growing_service_fixed"):
            if is_line(row, line):
                self.assertLessEqual(abs(row["growth_count"]), 1)


if __name__ == "__main__":
    unittest.main()
