"""count.py LOG: prints `passed failed skipped` of one tier, read from what ctest, pytest or a script printed there."""

import re
import sys


def pytest_numbers(line):
    """The closing line of a pytest run, e.g. `1 failed, 246 passed, 28 skipped, 2 deselected in 86.41s`."""
    if not re.search(r"\bin \d+(\.\d+)?s", line):
        return None
    numbers = {word: int(count) for count, word in re.findall(r"(\d+) (passed|failed|skipped|errors?|xfailed|xpassed)", line)}
    if not numbers:
        return None
    failed = numbers.get("failed", 0) + numbers.get("error", 0) + numbers.get("errors", 0)
    return numbers.get("passed", 0) + numbers.get("xfailed", 0), failed, numbers.get("skipped", 0)


def ctest_numbers(line):
    """`97% tests passed, 3 tests failed out of 100`."""
    match = re.match(r"\d+% tests passed, (\d+) tests? failed out of (\d+)", line)
    return (int(match[2]) - int(match[1]), int(match[1]), 0) if match else None


def script_numbers(line):
    match = re.match(r"(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$", line)
    return tuple(int(number or 0) for number in match.groups()) if match else None


def main(path):
    totals = [0, 0, 0]
    counted_here = False  # the current script of a run_each tier has printed its own numbers
    for line in open(path, errors="replace"):
        line = line.strip()
        numbers = script_numbers(line) or pytest_numbers(line) or ctest_numbers(line)
        if numbers:
            if script_numbers(line) and counted_here:
                continue  # a script that sums up the parts that it has shown before
            totals = [a + b for a, b in zip(totals, numbers)]
            counted_here = True
        elif line.startswith("RESULT "):
            if not counted_here:
                totals[0 if line.startswith("RESULT ok") else 1] += 1
            counted_here = False
    print(*totals)


if __name__ == "__main__":
    main(sys.argv[1])
