"""demo_program.py: runs the demonstration program, without a tracer, and says
what it printed."""

import json
import os
import re
import subprocess

PROGRAM = os.path.join(os.environ["HEAPLINE_BUILD_DIR"], "libexec", "heapline",
                       "heapline-demo")


def output(*arguments):
    """Standard output; CalledProcessError unless the status is 0."""
    return subprocess.run([PROGRAM, *arguments], check=True, text=True,
                          stdout=subprocess.PIPE, timeout=120).stdout


def lines(scenario, variant="broken", heap="malloc"):
    return output(scenario, "--variant", variant, "--heap", heap).splitlines()


def scenarios(*files):
    """Names of the scenarios that stand in these files of samples/demo; of all
    where none is named."""
    return [row["name"] for row in json.loads(output("--scenarios"))
            if not files or os.path.basename(row["file"]) in files]


def without_measures(printed):
    """Lines with addresses and times replaced: they differ between runs."""
    return [re.sub(r"0x[0-9a-f]+|\d+ us|[\d.]+s elapsed|_ns\": \d+", "*", line)
            for line in printed]
