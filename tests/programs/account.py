"""`heapline account` of programs that run: rows sum to the RSS, at least 97 % of
it is explained, and a program that knows how fragmented its heap is finds that
told."""

import json
import os
import subprocess
import unittest

import snapshot_bytes as form
from probes import HERE, ProbeTest

MAPPED_BYTES = 8 << 20
THREADS_STACK_BYTES = 256 << 10

PYTHON_WORK = """
import collections, json, re, sys, threading
words = {f"word{i}": [i, "x" * (i % 50)] for i in range(100000)}
kept = [json.loads(json.dumps(dict(list(words.items())[:500])))
        for _ in range(20)]
print("ready", flush=True)
sys.stdin.read()
"""

NODE_WORK = """
const words = new Map();
for (let i = 0; i < 200000; i++) words.set('word' + i, {i, text: 'x'.repeat(9)});
const buffers = [];
for (let i = 0; i < 200; i++) buffers.push(Buffer.alloc(50000, i));
console.log('ready');
process.stdin.resume();
"""


class AccountTest(ProbeTest):
    def account(self, path, *more):
        """The report, after a look at its sums."""
        report = self.report("account", path, *more)
        rss_bytes = report["total"]["bytes"]
        self.assertEqual(rss_bytes, report["process"]["rss_bytes"])
        self.assertEqual(rss_bytes, sum(row["bytes"] for row in report["rows"]))
        self.bytes_of = {}
        for row in report["rows"]:
            self.bytes_of.setdefault(row["kind"], 0)
            self.bytes_of[row["kind"]] += row["bytes"]
        self.assertEqual(
            rss_bytes - self.bytes_of["unexplained"],
            report["process"]["explained_bytes"])
        return report

    def expect_explained(self, report):
        process = report["process"]
        share = process["explained_bytes"] / process["rss_bytes"]
        kinds = ", ".join(f"{kind} {count / 2**20:.1f}"
                          for kind, count in sorted(self.bytes_of.items()))
        print(f"{self.id()}: {process['rss_bytes'] / 2**20:.1f} MiB, "
              f"{share:.2%} explained: {kinds}")
        self.assertGreaterEqual(share, 0.97, json.dumps(report, indent=1))


class Fragmented(AccountTest):
    def cut(self):
        probe = os.path.join(self.folder, "account_probe")
        subprocess.run(
            [os.environ.get("HEAPLINE_CXX_COMPILER", "c++"), "-std=c++17",
             "-g", "-O1", "-Wall", "-I", form.SOURCE + "/include",
             os.path.join(HERE, "account_probe.cc"), "-o", probe, "-pthread"],
            check=True)
        outcome = self.run_traced([probe], options="at_exit=0")
        self.assertEqual((0, b""), (outcome.status, outcome.stderr),
                         repr(outcome))
        self.live_bytes, self.slack_bytes = map(int, outcome.stdout.split())
        self.path, = self.snapshots_of()

    def test_half_a_heap_that_is_free_is_explained_and_named(self):
        self.cut()
        report = self.account(self.path)
        self.expect_explained(report)
        # Within 1 %: beside the records there is what libraries allocate.
        self.assertLess(abs(self.bytes_of["live"] - self.live_bytes),
                        self.live_bytes * 0.01)
        self.assertLess(abs(self.bytes_of["allocator"] - self.slack_bytes),
                        self.slack_bytes * 0.01)
        self.assertGreaterEqual(self.bytes_of["anonymous"], MAPPED_BYTES)
        self.assertGreaterEqual(self.bytes_of["stacks"], THREADS_STACK_BYTES)
        self.assertTrue(report["process"]["fragmented"])
        text = self.heapline("account", self.path)
        line, = [line for line in text.splitlines()
                 if line.startswith("fragmentation: ")]
        share = 100 * self.slack_bytes / (self.slack_bytes + self.live_bytes)
        told = float(line.split(" % of the heap is free")[0].split()[-1])
        self.assertLess(abs(told - share), 1, line)

    def test_an_account_compared_with_itself_grows_by_nothing(self):
        self.cut()
        report = self.account(self.path, self.path)
        self.assertEqual({0}, {row["growth_bytes"] for row in report["rows"]})
        self.assertEqual(0, report["total"]["growth_bytes"])


class RealPrograms(AccountTest):
    def expect_explained_when_ready(self, *command):
        process = self.start_traced(command, options="at_exit=0",
                                    stdin=subprocess.PIPE,
                                    stdout=subprocess.PIPE)
        self.assertEqual(b"ready\n", process.stdout.readline())
        self.expect_explained(self.account(
            self.heapline("snapshot", str(process.pid)).strip()))

    def test_python3_is_explained(self):
        self.expect_explained_when_ready(
            os.path.realpath(self.need("python3")), "-c", PYTHON_WORK)

    def test_node_is_explained(self):
        self.expect_explained_when_ready(self.need("node"), "-e", NODE_WORK)

    def test_redis_server_is_explained(self):
        server_path, benchmark, client = (
            self.need("redis-server"), self.need("redis-benchmark"),
            self.need("redis-cli"))
        address = os.path.join(self.folder, "s")
        server = self.start_traced(
            [server_path, "--port", "0", "--unixsocket", address, "--save", "",
             "--appendonly", "no"], options="at_exit=0")

        def ask(*words):
            return self.run_program([client, "-s", address, *words]).stdout
        self.wait_until(lambda: ask("ping") == b"PONG\n", "PONG")
        outcome = self.run_program(
            [benchmark, "-s", address, "-n", "50000", "-r", "50000", "-q",
             "-d", "100", "-t", "set,lpush,hset"])
        self.assertEqual(0, outcome.status, repr(outcome))
        self.assertGreater(int(ask("dbsize")), 10000)
        self.expect_explained(self.account(
            self.heapline("snapshot", str(server.pid)).strip()))


del AccountTest

if __name__ == "__main__":
    unittest.main()
