"""The python3 of the storm: rounds of work with threads, waits and a child,
each a line of output that is the same in every run. Ends when the file named
by its argument is there."""

import hashlib
import json
import os
import queue
import random
import re
import select
import socket
import sys
import threading
import time


def round_of_work(number):
    rng = random.Random(number)
    words = ["".join(rng.choices("abcdefgh", k=5)) for _ in range(2000)]
    results = queue.Queue()

    def digest(part):
        text = json.dumps({word: word[::-1] for word in part})
        found = re.findall("a[bc]+", text)
        results.put((part[0], len(found),
                     hashlib.sha256(text.encode()).hexdigest()))

    threads = [threading.Thread(target=digest, args=(words[i::4],))
               for i in range(4)]
    for thread in threads:
        thread.start()
    here, there = socket.socketpair()
    with here, there:
        answer = threading.Timer(0.002, there.sendall, (b"x" * 100,))
        answer.start()
        select.select([here], [], [], 60)
        received = here.recv(100)
        answer.join()
    started = time.monotonic()
    time.sleep(0.002)
    slept = time.monotonic() - started >= 0.002
    found = sorted(results.get(timeout=60) for _ in threads)
    for thread in threads:
        thread.join()
    child = os.fork() if number % 20 == 0 else None
    if child == 0:
        os._exit(number % 7)
    status = os.waitpid(child, 0)[1] if child else None
    return received, slept, found, status


number = 0
while not os.path.exists(sys.argv[1]):
    text = repr(round_of_work(number)).encode()
    print(number, hashlib.sha256(text).hexdigest(), flush=True)
    number += 1
