"""A forked copy has the descriptors of its parent: none of them is the tracer's,
however the fork and a snapshot meet."""

import unittest

import snapshot_bytes
from probes import ProbeTest


class ForkedDescriptors(ProbeTest):
    def test_no_forked_copy_inherits_a_descriptor_of_the_tracer(self):
        probe = self.compile("forked_descriptors_probe.c", "-I",
                             snapshot_bytes.SOURCE + "/include")
        outcome = self.run_traced([probe, "1000"], options="follow=exec")
        self.assertEqual((0, b"0 strange\n", b""),
                         (outcome.status, outcome.stdout, outcome.stderr))
        self.assertGreater(len(self.snapshots_of()), 10)


if __name__ == "__main__":
    unittest.main()
