"""Changes the source in one place at a time, and says which test sees it: what none sees, no test holds.

    cargo install cargo-mutants
    python3 tests/elsewhere/mutants.py FOLDER [--seed N] [--number N] [--worker K --of N]

cargo-mutants lists what can be changed in src/net, src/probe, src/command/close-call/check and the chapters; the seed
chooses. FOLDER gets a clone of what is committed, and keeps results.jsonl: a second run goes on where the first ended,
and workers share the mutants. A mutant is over with the first test that fails, or that does not end. Tests that would
see any change of a source, and those that build crates of their own, are left out. One takes some 10 s if a quick test
sees it, and as long as all tests otherwise.
"""

import argparse
import collections
import json
import os
import random
import re
import signal
import subprocess
import sys

FILES = ["src/net/**", "src/probe/**", "src/command/close-call/check/**", "chapters/**"]
# They hold the sources to each other, or would build for longer than all else takes.
LEFT_OUT = ["compile_fail", "start::", "ci::", "floors::", "architecture::", "ladder::", "readme::"]
# Seconds in which each takes some tenths and the longest about a minute. So many tests of over a minute are enough to
# know that one waits for what does not come.
LIMIT, LIMIT_OF_PROGRAMS, SLOW = 150, 600, 4
# A second of a build is saved with what is kept of the last; no line numbers are looked up but by one test.
BUILD = {"CARGO_INCREMENTAL": "1", "INSTA_UPDATE": "no", "RUST_BACKTRACE": "0"}


class Late(Exception):
    """It does not end."""


def chosen(clone, seed, number):
    """The mutants, always the same for a seed: `cargo mutants --list` is in the order of the files."""
    files = [word for file in FILES for word in ("-f", file)]
    listed = subprocess.run(["cargo", "mutants", "--list", "--json", "--diff", *files], cwd=clone, check=True,
                            capture_output=True, text=True)
    mutants = sorted(json.loads(listed.stdout), key=lambda mutant: mutant["name"])
    return random.Random(seed).sample(mutants, min(number, len(mutants)))


def change(clone, mutant):
    """Puts the source back, and then changes it."""
    subprocess.run(["git", "checkout", "-q", "--", "."], cwd=clone, check=True)
    lines = mutant["diff"].split("\n")
    lines[:2] = [f"--- a/{mutant['file']}", f"+++ b/{mutant['file']}"]
    subprocess.run(["git", "apply", "-"], cwd=clone, check=True, input="\n".join(lines), text=True)


def built(clone, environment):
    """The test programs, the quick ones first; none where it does not compile, which is a test as good as any."""
    command = ["cargo", "test", "--all-features", "--no-run", "--quiet", "--message-format=json"]
    done = subprocess.run(command, cwd=clone, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    if done.returncode:
        return None
    told = [json.loads(line) for line in done.stdout.splitlines()]
    programs = {(one["target"]["name"], one["executable"]) for one in told
                if one.get("reason") == "compiler-artifact" and one.get("executable") and one["profile"]["test"]}
    return sorted(programs, key=lambda program: (program[0] == "programs", program[0] != "close_call", program))


def below(pid):
    """A process that was started here, and all that it has started."""
    children = collections.defaultdict(list)
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            stat = open(f"/proc/{entry}/stat", errors="replace").read()
        except OSError:
            continue
        children[int(stat.rsplit(")", 1)[1].split()[1])].append(int(entry))
    found = [pid]
    for parent in found:
        found += children[parent]
    return found


def first_failure(name, program, clone, environment):
    """The first test of a program that fails or does not end, or nothing."""
    left_out = [word for test in LEFT_OUT for word in ("--skip", test)] if name == "programs" else []
    tests = subprocess.Popen([program, *left_out], cwd=clone, env=environment, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True, errors="replace")

    def late(*_):
        raise Late

    signal.signal(signal.SIGALRM, late)
    signal.alarm(LIMIT_OF_PROGRAMS if name == "programs" else LIMIT)
    slow, last = [], ""
    try:
        for last in tests.stdout:
            if found := re.match(r"test (\S+) has been running for over", last):
                slow.append(found[1])
                if len(slow) == SLOW:
                    raise Late
            elif found := re.match(r"(?:test )?(\S+) (?:\.\.\.|---).*FAILED", last):
                return "killed", found[1]
        return ("killed", f"{name}: {last.strip()}") if tests.wait() else None
    except Late:
        return "does not end", " ".join(slow) or name
    finally:
        signal.alarm(0)
        for pid in below(tests.pid):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        tests.wait()


def judge(clone, mutant, environment):
    """What becomes of a mutant, and by which test."""
    change(clone, mutant)
    programs = built(clone, environment)
    if programs is None:
        return "does not compile", ""
    failures = (first_failure(*program, clone, environment) for program in programs)
    return next(filter(None, failures), ("SURVIVES", ""))


def main():
    """Judges one mutant after the other, and then counts."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder")
    for option, default in [("--seed", 15), ("--number", 120), ("--worker", 0), ("--of", 1)]:
        parser.add_argument(option, type=int, default=default, metavar="N")
    asked = parser.parse_args()
    clone, results = f"{asked.folder}/clone-{asked.worker}", f"{asked.folder}/results-{asked.worker}.jsonl"
    os.makedirs(asked.folder, exist_ok=True)
    if not os.path.exists(clone):
        subprocess.run(["git", "clone", "-q", ".", clone], check=True)
    environment = {**os.environ, **BUILD, "CARGO_TARGET_DIR": os.path.abspath(clone) + "/target",
                   "CARGO": subprocess.getoutput("rustup which cargo")}
    done = [json.loads(line) for line in open(results)] if os.path.exists(results) else []
    subprocess.run(["git", "checkout", "-q", "--", "."], cwd=clone, check=True)
    mutants = chosen(clone, asked.seed, asked.number)[asked.worker::asked.of]
    for at, mutant in enumerate(mutants):
        if any(one["name"] == mutant["name"] for one in done):
            continue
        print(f"{at + 1} of {len(mutants)}: {mutant['name']}", file=sys.stderr)
        result, test = judge(clone, mutant, environment)
        done.append({"name": mutant["name"], "result": result, "test": test})
        with open(results, "a") as file:
            file.write(json.dumps(done[-1]) + "\n")
    for one in done:
        print(f"{one['result']:<18}{one['name']}{'  (' + one['test'] + ')' if one['test'] else ''}")
    print(dict(collections.Counter(one["result"] for one in done)))


if __name__ == "__main__":
    main()
