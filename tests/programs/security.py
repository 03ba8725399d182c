"""security.py: what a snapshot must not tell, what an attacker must not bring
about by files put in the way, and what the tracer must not do in a process.
docs/contributing.md, section Security, says which test keeps which point."""

import ctypes
import glob
import os
import pwd
import re
import signal
import stat
import struct
import subprocess
import sys
import time
import unittest

from surroundings import SurroundingsTest
from wrapping import HEAPLINE, SHIM, SOURCE

sys.path.insert(0, os.path.join(SOURCE, "tests", "faults"))

# pylint: disable=wrong-import-position
import matrix


class SecurityTest(SurroundingsTest):
    def nobody(self):
        """A user id that is not ours, who may enter the test's folder."""
        self.need_root()
        os.chmod(self.folder, 0o755)
        return pwd.getpwnam("nobody").pw_uid

    def expect_refusal(self, outcome, reason):
        self.assertEqual(3, outcome.status, repr(outcome))
        line, = outcome.stderr.decode().splitlines()
        self.assertTrue(line.startswith("heapline: cannot write snapshot"),
                        line)
        self.assertIn(reason, line)


class Secrets(SecurityTest):
    SECRET = "s3cret-4f1d9a"

    def secrets(self, where):
        return f"{self.SECRET}-{where}"

    def test_no_environment_no_argument_and_no_memory_is_in_a_snapshot(self):
        environment = dict(os.environ, API_TOKEN=self.secrets("environment"))
        self.run_probe(
            "alloc:4000", f"keep:{self.secrets('heap')}",
            f"ignored:{self.secrets('argument')}", environment=environment)
        path, = self.snapshots_of()
        text = self.heapline("export", "--to", "text", path)
        with open(path, "rb") as file:
            plain = file.read()
        self.heapline("pack", path)
        with open(path, "rb") as file:
            packed = file.read()
        self.assertNotEqual(plain, packed)
        unpacked = self.heapline("export", "--to", "text", path)
        for content in (plain, packed, text.encode(), unpacked.encode()):
            self.assertNotIn(self.SECRET.encode(), content)
            self.assertNotIn(b"API_TOKEN", content)
        # The program's name is there, and nothing of what follows it.
        self.assertIn(b"surroundings_probe", plain)
        self.assertNotIn(b"alloc:4000", plain)

    def test_files_and_folders_are_the_owners_alone(self):
        self.snapshots = os.path.join(self.folder, "made", "deep")
        for umask in (0, 0o777):
            self.run_probe("alloc:10", preexec_fn=lambda: os.umask(umask))
            for path in self.snapshots_of():
                self.assertEqual(0o600, stat.S_IMODE(os.stat(path).st_mode))
            for folder in (self.snapshots, os.path.dirname(self.snapshots)):
                self.assertEqual(0o700, stat.S_IMODE(os.stat(folder).st_mode))
            self.remove_snapshots()


class FilesInTheWay(SecurityTest):
    def start_known(self, plant):
        """Runs the probe after `plant(pid)`: exec keeps the pid."""
        environment = self.traced_environment()
        command = f'read _; LD_PRELOAD={SHIM} exec {self.probe()} alloc:4000'
        del environment["LD_PRELOAD"]
        process = subprocess.Popen(
            ["/bin/sh", "-c", command], env=environment, cwd=self.folder,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)
        plant(process.pid)
        _, stderr = process.communicate(b"\n", timeout=60)
        self.assertEqual((3, b""), (process.returncode, stderr))
        return process.pid

    def test_whatever_stands_under_the_next_names_is_left_alone(self):
        os.mkdir(self.snapshots)
        victim = os.path.join(self.folder, "victim")
        with open(victim, "w", encoding="utf-8") as file:
            file.write("mine")

        def name(pid, number):
            return f"{self.snapshots}/surroundings_probe.{pid}.{number}.hl"

        def plant(pid):
            os.symlink(victim, name(pid, 0))
            os.symlink(os.path.join(self.folder, "dangling"), name(pid, 1))
            os.link(victim, name(pid, 2))
            os.mkdir(name(pid, 3))
            os.mkfifo(name(pid, 4))
        pid = self.start_known(plant)
        with open(victim, encoding="utf-8") as file:
            self.assertEqual("mine", file.read())
        self.assertFalse(os.path.exists(os.path.join(self.folder, "dangling")))
        self.assertTrue(os.path.islink(name(pid, 1)))
        self.assertEqual(
            [5], [number for number in range(7)
                  if os.path.isfile(name(pid, number))
                  and not os.path.islink(name(pid, number))
                  and os.stat(name(pid, number)).st_nlink == 1])

    def test_the_temporary_name_cannot_be_foretold(self):
        os.mkdir(self.snapshots)
        libc = ctypes.CDLL(None)
        created = 0x100  # IN_CREATE
        watch = libc.inotify_init()
        self.addCleanup(os.close, watch)
        self.assertGreaterEqual(libc.inotify_add_watch(
            watch, self.snapshots.encode(), created), 0)
        guesses = set()
        for _ in range(4):
            self.run_probe("alloc:1")
            event = os.read(watch, 4096)
            name = event[16:].rstrip(b"\0").decode()
            match = re.fullmatch(r"\.surroundings_probe\.\d+\."
                                 r"([0-9a-f]{9,16})\.tmp", name)
            self.assertTrue(match, name)
            guesses.add(match[1])
        self.assertEqual(4, len(guesses), guesses)

    def test_a_folder_that_others_may_write_to_is_refused(self):
        user = self.nobody()
        os.mkdir(self.snapshots)
        # Not one's own, for the group or for all; one's own, for all.
        for owner, mode in ((0, 0o777), (0, 0o773), (user, 0o777)):
            with self.subTest(owner=owner, mode=oct(mode)):
                os.chown(self.snapshots, owner, 0)
                os.chmod(self.snapshots, mode)
                self.expect_refusal(self.run_probe("alloc:10", user=user),
                                    "others may write")
        os.chown(self.snapshots, 0, pwd.getpwnam("nobody").pw_gid)
        os.chmod(self.snapshots, 0o770)
        self.expect_refusal(
            self.run_probe("alloc:10", user=user,
                           group=pwd.getpwnam("nobody").pw_gid),
            "others may write")
        self.assertEqual([], os.listdir(self.snapshots))

    def test_a_folder_exchanged_while_the_program_runs_is_refused(self):
        user = self.nobody()
        os.mkdir(self.snapshots)
        os.chown(self.snapshots, user, 0)
        private = os.path.join(self.folder, "private")
        os.mkdir(private, 0o777)
        os.chmod(private, 0o777)
        process = subprocess.Popen(
            [self.probe(), "ready", "line"], cwd=self.folder,
            env=self.traced_environment("control=0"), user=user,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)
        self.assertEqual(b"ready\n", process.stdout.readline())
        os.rmdir(self.snapshots)
        os.symlink(private, self.snapshots)
        _, stderr = process.communicate(b"\n", timeout=60)
        self.assertIn(b"others may write", stderr)
        self.assertEqual([], os.listdir(private))


class Privileged(SecurityTest):
    def run_preloaded(self, mode):
        """The probe as nobody, with us in /etc/ld.so.preload of a mount
        namespace of its own."""
        self.need_root()
        self.nobody()
        program = os.path.join(self.folder, "program")
        subprocess.run(["cp", self.probe(), program], check=True)
        os.chmod(program, mode)
        os.mkdir(self.snapshots)
        os.chmod(self.snapshots, 0o1777)
        shim = os.path.join(self.folder, "libheapline.so")
        subprocess.run(["cp", SHIM, shim], check=True)
        script = (
            f"mkdir {self.folder}/etc && cp -a /etc/. {self.folder}/etc/ && "
            f"echo {shim} > {self.folder}/etc/ld.so.preload && "
            f"mount --bind {self.folder}/etc /etc && "
            f"exec setpriv --reuid=65534 --clear-groups {program} secure "
            "alloc:4000")
        outcome = self.run_program(
            ["unshare", "-m", "--propagation", "private", "/bin/sh", "-c",
             script],
            environment={"PATH": os.environ["PATH"],
                         "HEAPLINE_OPTIONS": f"out={self.snapshots}:control=0:"
                                             "follow=program:verbose=1"})
        if outcome.status != 3:
            self.skipTest(f"no mount namespace here: {outcome.stderr!r}")
        return outcome

    def test_a_setuid_program_is_left_entirely_alone(self):
        outcome = self.run_preloaded(0o4755)
        self.assertEqual(b"secure 1\n", outcome.stdout)
        self.assertNotIn(b"/program.", outcome.stderr)
        self.assertEqual([], self.snapshots_of("program"))

    def test_the_same_program_without_the_bit_is_traced(self):
        outcome = self.run_preloaded(0o755)
        self.assertEqual(b"secure 0\n", outcome.stdout)
        self.assertIn(b"/program.", outcome.stderr)
        self.assertEqual(1, len(self.snapshots_of("program")))


class Control(SecurityTest):
    def ready_probe(self, **more):
        return self.start_in(self.probe(), "alloc:4000", "ready", "line",
                             **more)

    def end(self, process):
        _, stderr = process.communicate(b"\n", timeout=60)
        self.assertEqual((3, b""), (process.returncode, stderr))

    def page_of(self, process):
        path, = glob.glob(f"{self.runtime_folder()}/heapline/{process.pid}.*")
        return path

    def test_the_page_is_the_owners_alone_and_goes_with_the_process(self):
        process = self.ready_probe()
        page = self.page_of(process)
        self.assertEqual(0o600, stat.S_IMODE(os.stat(page).st_mode))
        self.assertEqual(
            0o700, stat.S_IMODE(os.stat(os.path.dirname(page)).st_mode))
        for link in os.listdir(f"/proc/{process.pid}/fd"):
            target = os.readlink(f"/proc/{process.pid}/fd/{link}")
            self.assertNotIn("socket:", target)
            self.assertNotIn("heapline-", target)
        self.end(process)
        self.assertFalse(os.path.exists(page))

    def test_a_folder_that_is_not_the_owners_alone_gets_no_page(self):
        elsewhere = os.path.join(self.folder, "elsewhere")
        os.mkdir(elsewhere)
        place = os.path.join(self.runtime_folder(), "heapline")
        plants = {
            "a link": lambda: os.symlink(elsewhere, place),
            "open to others": lambda: (os.mkdir(place),
                                       os.chmod(place, 0o755)),
        }
        if os.geteuid() == 0:
            plants["another's"] = lambda: (os.mkdir(place, 0o700),
                                           os.chown(place, 65534, 65534))
        for name, plant in plants.items():
            with self.subTest(name):
                plant()
                process = self.ready_probe()
                self.assertEqual([], os.listdir(place))
                self.end(process)
                os.unlink(place) if os.path.islink(place) else os.rmdir(place)
                self.remove_snapshots()

    def test_another_user_can_ask_for_nothing(self):
        user = self.nobody()
        process = self.ready_probe()
        outcome = self.run_program([HEAPLINE, "snapshot", str(process.pid)],
                                   user=user)
        self.assertEqual(2, outcome.status)
        refused = self.run_program(
            ["/bin/sh", "-c", f"kill -{signal.SIGRTMAX - 2} {process.pid}"],
            user=user)
        self.assertNotEqual(0, refused.status)
        self.end(process)
        self.assertEqual(1, len(self.snapshots_of()))

    def test_a_bare_signal_asks_for_nothing(self):
        process = self.ready_probe(options="at_exit=0")
        for _ in range(3):
            os.kill(process.pid, signal.SIGRTMAX - 2)
            time.sleep(0.05)
        self.end(process)
        self.assertEqual([], self.snapshots_of())

    def test_a_request_full_of_rubbish_does_no_harm(self):
        """The label without an end, a command and flags that there are not."""
        process = self.ready_probe(options="at_exit=0")
        request_bytes = 8 + 4 + 4 + 256
        subprocess.run(
            [os.environ.get("HEAPLINE_C_COMPILER", "cc"), "-I",
             f"{SOURCE}/include", "-x", "c", "-", "-o",
             f"{self.folder}/offset"], check=True, text=True, input="""
#include <heapline/control_page.h>
#include <stddef.h>
#include <stdio.h>
int main(void) { printf("%zu", offsetof(struct HlControlPage,
                                        request_number)); }""")
        offset = int(self.run_program([f"{self.folder}/offset"]).stdout)
        page = self.page_of(process)
        number = 1
        for command, flags in ((1, 0xffffffff), (77, 0)):
            with open(page, "r+b") as file:
                file.seek(offset + 8)
                file.write(struct.pack("<II", command, flags) + b"\xff" * 256)
                file.seek(offset)
                file.write(struct.pack("<Q", number))
            number += 1
            # The signal as the command sends it; the process may look itself.
            self.heapline("status", str(process.pid))
            self.signal_with_magic(process.pid)
            time.sleep(0.3)
        self.assertGreater(os.path.getsize(page), offset + request_bytes)
        self.end(process)
        path, = self.snapshots_of()
        self.assertLessEqual(len(self.info(path)["label"].encode()), 4 * 256)

    @staticmethod
    def signal_with_magic(pid):
        rt_tgsigqueueinfo = 297
        number = signal.SIGRTMAX - 2
        magic = 0x686c5347 << 32
        info = struct.pack("<iiiiiiQ", number, 0, -1, 0, os.getpid(),
                           os.getuid(), magic).ljust(128, b"\0")
        ctypes.CDLL(None).syscall(rt_tgsigqueueinfo, pid, pid, int(number),
                                  info)


class SystemCalls(SecurityTest):
    # All that the tracer may ever ask of the kernel: no network, no other
    # program, no other process's memory (process_vm_readv: its own, below).
    MAY_CALL = set("""
        clone close close_range exit exit_group fallocate fchmod fchmodat fcntl
        fstat ftruncate futex getcwd getdents64 geteuid getpid getppid getrandom
        gettid getuid linkat lseek madvise mkdirat mmap mprotect munmap
        nanosleep newfstatat openat pread64 prctl prlimit64 process_vm_readv
        pselect6 read readlink readlinkat renameat2 rt_sigaction rt_sigpending
        rt_sigprocmask rt_sigtimedwait rt_tgsigqueueinfo tgkill timer_create
        timer_delete timer_settime uname unlinkat wait4 waitid write writev
        clock_gettime
        """.split())

    def test_a_run_makes_the_programs_calls_and_ours_alone(self):
        runner = matrix.Runner()
        try:
            called = set()
            for setup in matrix.SETUPS:
                result = runner.run(setup)
                self.assertEqual([], result.broken)
                for calls in result.calls.values():
                    called |= set(calls)
        finally:
            runner.close()
        self.assertEqual(set(), called - self.MAY_CALL)
        self.assertGreater(len(called), 30)

    def test_the_source_asks_for_nothing_else(self):
        named = set()
        for path in glob.glob(f"{SOURCE}/preload/*.cc"
                              ) + [f"{SOURCE}/preload/sys.h"]:
            with open(path, encoding="utf-8") as file:
                text = file.read()
            named |= set(re.findall(r"Call\(\s*SYS_(\w+)", text))
            for process in re.findall(r"SYS_process_vm_readv,\s*([^,]+),", text):
                self.assertEqual("sys::GetPid()", process)
        # mremap is the program's own, forwarded before start.
        self.assertEqual(set(), named - self.MAY_CALL - {"mremap"})


del SurroundingsTest

if __name__ == "__main__":
    unittest.main()
