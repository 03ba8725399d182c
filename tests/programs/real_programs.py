"""Real programs, plain and traced: the same exit status, the same output where
two plain runs agree, a snapshot each, and reports that add up."""

import os
import shutil
import socket
import subprocess
import unittest

import wrapping

PYTHON_WORK = r"""
import collections, json, random, re, threading
random.seed(7)
words = [''.join(random.choices('abcdefgh', k=5)) for _ in range(20000)]
count = collections.Counter(words)
text = json.dumps(sorted(count.items())[:2000])
assert json.loads(text)
print(len(re.findall('ab+', text)), count.most_common(3))
threads = [threading.Thread(target=sorted, args=(words,)) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
raise SystemExit(7)
"""

SQL_WORK = b"""
create table item(id integer primary key, name text, amount real);
with recursive n(i) as (select 1 union all select i + 1 from n where i < 30000)
  insert into item select i, 'item ' || i, i * 1.5 from n;
create index by_name on item(name);
select count(*), sum(amount), max(name) from item where name like 'item 1%';
select name from item order by amount desc limit 5;
"""

NODE_WORK = r"""
const words = new Map();
for (let i = 0; i < 50000; i++) words.set('word' + i, {i, text: 'x'.repeat(9)});
console.log(JSON.stringify([...words.values()].slice(-2)));
Promise.all([1, 2, 3].map(n => new Promise(done =>
    setTimeout(() => done(n * n), n)))).then(all => {
  console.log(all.join(' '));
  process.exitCode = 3;
});
"""

PERL_WORK = r"""
my %count;
$count{$_ % 977} .= "x$_" for 1 .. 60000;
print scalar(keys %count), " ", length($count{5}), "\n";
my @sorted = sort { $count{$a} cmp $count{$b} } keys %count;
print "@sorted[0 .. 4]\n";
exit 4;
"""

BASH_WORK = r"""
declare -A seen
for i in $(seq 3000); do seen[$((i % 97))]+="$i "; done
echo ${#seen[@]} ${seen[5]:0:20}
echo piped | tr a-z A-Z | (read word; echo "got $word")
printf '%s\n' {1..50} | sort -r | head -n 3
(exit 5)
"""


class RealPrograms(wrapping.WrappingTest):
    def expect_snapshot(self, program):
        found = self.snapshots_of(program)
        self.assertTrue(found, f"no snapshot of {program} among "
                        f"{[os.path.basename(p) for p in self.snapshots_of()]}")
        whole = self.expect_sums(found[-1])
        self.assertEqual(program, whole["program"])
        self.assertEqual(0, whole["threads_not_stopped"])
        self.assertEqual(0, whole["dropped_blocks"])
        return whole

    def test_python3(self):
        python = os.path.realpath(self.need("python3"))
        environment = dict(os.environ, PYTHONHASHSEED="0")
        for allocator in ("", "malloc"):
            with self.subTest(allocator=allocator):
                environment["PYTHONMALLOC"] = allocator
                self.expect_same_when_traced([python, "-c", PYTHON_WORK],
                                             environment=environment)
                self.expect_snapshot(os.path.basename(python))

    def test_sqlite3(self):
        self.expect_same_when_traced([self.need("sqlite3"), ":memory:"],
                                     stdin=SQL_WORK)
        self.expect_snapshot("sqlite3")

    def test_cc1plus(self):
        compiler = self.need("g++")
        built = os.path.join(self.folder, "message.o")
        objects = []

        def prepare():
            if os.path.exists(built):
                with open(built, "rb") as file:
                    objects.append(file.read())
                os.remove(built)
        self.expect_same_when_traced(
            [compiler, "-std=c++17", "-O2", "-g", "-D_GNU_SOURCE",
             "-DHEAPLINE_CHECK_LEVEL=0", "-I" + wrapping.SOURCE,
             "-I" + wrapping.SOURCE + "/include", "-c", "-o", built,
             wrapping.SOURCE + "/preload/message.cc"], prepare=prepare)
        prepare()
        self.assertEqual(3, len(objects))
        self.assertEqual(1, len(set(objects)), "object files differ")
        self.expect_snapshot("cc1plus")
        self.assertTrue(self.snapshots_of("*as"))

    def test_git(self):
        git = self.need("git")
        repository = os.path.join(self.folder, "repository")
        environment = {
            "PATH": os.environ["PATH"], "HOME": self.folder,
            "GIT_CONFIG_NOSYSTEM": "1"}
        for who in ("AUTHOR", "COMMITTER"):
            environment[f"GIT_{who}_NAME"] = "A"
            environment[f"GIT_{who}_EMAIL"] = "a@example.org"
            environment[f"GIT_{who}_DATE"] = "2024-01-01T00:00:00Z"
        script = (f"'{git}' init -q -b main . && for n in 1 2 3 4 5; do "
                  f"seq $n 1000 > file$n && '{git}' add . && "
                  f"'{git}' commit -q -m \"number $n\" || exit 9; done && "
                  f"'{git}' log --stat -p | tail -n 40 && '{git}' gc -q && "
                  f"'{git}' fsck && '{git}' rev-parse HEAD")

        def prepare():
            shutil.rmtree(repository, ignore_errors=True)
            os.mkdir(repository)
        self.expect_same_when_traced(["/bin/sh", "-c", script],
                                     prepare=prepare, cwd=repository,
                                     environment=environment)
        self.expect_snapshot("git")

    def test_node(self):
        self.expect_same_when_traced([self.need("node"), "-e", NODE_WORK])
        self.expect_snapshot("node")

    def test_perl(self):
        self.expect_same_when_traced(
            [self.need("perl"), "-e", PERL_WORK],
            environment=dict(os.environ, PERL_HASH_SEED="0",
                             PERL_PERTURB_KEYS="0"))
        self.expect_snapshot("perl")

    def test_bash(self):
        self.expect_same_when_traced([self.need("bash"), "-c", BASH_WORK])
        self.expect_snapshot("bash")
        self.expect_snapshot("sort")


class Servers(wrapping.WrappingTest):
    def expect_snapshot(self, program):
        return RealPrograms.expect_snapshot(self, program)

    def test_redis_server_under_redis_benchmark(self):
        server_path, benchmark, client = (
            self.need("redis-server"), self.need("redis-benchmark"),
            self.need("redis-cli"))
        address = os.path.join(self.folder, "s")

        def ask(*words):
            return self.run_program([client, "-s", address, *words])
        server = self.start_traced(
            [server_path, "--port", "0", "--unixsocket", address, "--save", "",
             "--appendonly", "no"])
        self.wait_until(lambda: ask("ping").stdout == b"PONG\n", "PONG")
        of_server = self.snapshots
        self.snapshots = os.path.join(self.folder, "of-benchmark")
        outcome = self.run_traced(
            [benchmark, "-s", address, "-n", "20000", "-r", "5000", "-q",
             "-t", "set,get,lpush,hset"])
        self.expect_snapshot("redis-benchmark")
        self.snapshots = of_server
        self.assertEqual(0, outcome.status, repr(outcome))
        self.assertIn(b"requests per second", outcome.stdout)
        self.assertEqual(b"OK\n", ask("set", "a", "b").stdout)
        first = self.heapline("snapshot", str(server.pid)).strip()
        self.assertEqual("request", self.info(first)["reason"])
        self.assertEqual(b"b\n", ask("get", "a").stdout)
        # BGSAVE: a forked copy that never execs, traced too.
        self.assertIn(b"Background saving started", ask("bgsave").stdout)
        self.wait_until(
            lambda: b"rdb_bgsave_in_progress:0" in
            ask("info", "persistence").stdout, "BGSAVE ends")
        self.assertIn(b"rdb_last_bgsave_status:ok",
                      ask("info", "persistence").stdout)
        ask("shutdown", "nosave")
        self.assertEqual(0, server.wait(30))
        reasons = []
        for path in self.snapshots_of():
            self.expect_sums(path, keys=["line", "function", "thread"])
            reasons.append(self.info(path)["reason"])
        # The server's two and its copy's one; Debian's redis-server is a link
        # to a program of another name.
        self.assertEqual(["exit", "exit", "request"], sorted(reasons))

    def test_nginx(self):
        nginx = self.need("nginx")
        prefix = os.path.join(self.folder, "n")
        os.makedirs(prefix + "/html")
        with open(prefix + "/html/index.html", "w", encoding="ascii") as file:
            file.write("hello\n" * 1000)
        address = os.path.join(prefix, "s")
        with open(prefix + "/nginx.conf", "w", encoding="ascii") as file:
            file.write(f"""
                daemon off; worker_processes 1; pid {prefix}/pid;
                error_log {prefix}/error.log;
                {"user root;" if os.getuid() == 0 else ""}
                events {{ worker_connections 64; }}
                http {{ access_log off; client_body_temp_path {prefix}/b;
                  proxy_temp_path {prefix}/p; fastcgi_temp_path {prefix}/f;
                  uwsgi_temp_path {prefix}/u; scgi_temp_path {prefix}/c;
                  server {{ listen unix:{address}; root {prefix}/html; }} }}
                """)
        server = self.start_traced([nginx, "-p", prefix, "-c",
                                    prefix + "/nginx.conf"])
        self.wait_until(lambda: os.path.exists(address), "the socket")

        def get(path):
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(20)
                connection.connect(address)
                connection.sendall(f"GET {path} HTTP/1.0\r\n\r\n".encode())
                answer = b""
                while chunk := connection.recv(65536):
                    answer += chunk
            return answer
        for _ in range(200):
            self.assertTrue(get("/").endswith(b"hello\n" * 1000))
        self.assertIn(b" 404 ", get("/nowhere").split(b"\r\n")[0])
        server.send_signal(3)  # QUIT: master and worker end gracefully
        self.assertEqual(0, server.wait(30))
        self.assertGreaterEqual(len(self.snapshots_of("nginx")), 2)
        self.expect_snapshot("nginx")

    def test_postgres(self):
        folders = [f"/usr/lib/postgresql/{version}/bin"
                   for version in ("17", "16", "15", "14", "13")]
        bin_folder = next((f for f in folders if os.path.exists(
            f + "/postgres")), None)
        if bin_folder is None:
            self.skipTest("postgres is not installed")
        as_user = {}
        if os.getuid() == 0:  # postgres refuses to run as root
            as_user = {"user": "nobody", "group": "nogroup",
                       "extra_groups": []}
            shutil.chown(self.folder, "nobody", "nogroup")
        data = os.path.join(self.folder, "data")
        outcome = self.run_traced(
            [bin_folder + "/initdb", "-D", data, "-U", "tester", "-A", "trust",
             "--no-sync"], **as_user)
        self.assertEqual(0, outcome.status, repr(outcome))
        server = self.start_traced(
            [bin_folder + "/postgres", "-D", data, "-k", self.folder, "-c",
             "listen_addresses=", "-c", "fsync=off"], **as_user)

        def ask(sql):
            return self.run_program([bin_folder + "/psql", "-h", self.folder,
                                     "-U", "tester", "-At", "-c", sql,
                                     "postgres"], **as_user)
        self.wait_until(lambda: ask("select 1").stdout == b"1\n", "select 1",
                        seconds=60)
        outcome = ask("create table t as select i, md5(i::text) m from "
                      "generate_series(1, 50000) i; select count(*), max(m) "
                      "from t")
        self.assertEqual(0, outcome.status, repr(outcome))
        self.assertIn(b"50000|ffff", outcome.stdout)
        server.send_signal(2)  # INT: a fast shutdown
        self.assertEqual(0, server.wait(60))
        self.assertGreaterEqual(len(self.snapshots_of("postgres")), 2)
        self.expect_snapshot("postgres")
        self.expect_snapshot("initdb")


if __name__ == "__main__":
    unittest.main()
