#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Which lines and branches of common/ the tests went through, and why what is left is left.

report.py SOURCE BUILD: has gcovr read what the tests left in BUILD, prints a table and the reasons of left.txt, and
fails where less than 95 % of all lines or 90 % of all branches were taken, where something is left without a reason,
or where a reason is of something that is not left any more.

left.txt names a file, below it a line of code as it is written there, and below that the reason:

    common/checksum.c
      while (size_bytes > 0) {
        why some of it is never done

A reason that begins with "by chance:" is of a race, that some runs meet and some do not.
"""
import json
import os
import subprocess
import sys

LEAST_LINES, LEAST_BRANCHES = 95.0, 90.0


def read_reasons(path):
    reasons, file, code = {}, None, None
    with open(path, encoding="utf-8") as left:
        for number, line in enumerate(left, 1):
            text = line.strip()
            indent = len(line) - len(line.lstrip(" "))
            if not text or text.startswith("#"):
                continue
            if indent == 0:
                file, code = text, None
            elif indent == 2 and file:
                code = text
                reasons[file, code] = ""
            elif indent == 4 and code:
                reasons[file, code] = (reasons[file, code] + " " + text).strip()
            else:
                sys.exit(f"{path}:{number}: neither a file, nor code (2 blanks), nor a reason (4 blanks)")
    return reasons


def percent(taken, there):
    return 100.0 * taken / there if there else 100.0


def row(name, lines, branches):
    print(f"{name:32} {lines[0]:5} of {lines[1]:5}  {percent(*lines):5.1f} %"
          f"   {branches[0]:5} of {branches[1]:5}  {percent(*branches):5.1f} %")


def look_at(source, entry):
    """Lines and branches taken and there; what is left, as (line number, its text, what is left of it); the whole text."""
    with open(os.path.join(source, entry["file"]), encoding="utf-8") as file:
        text = [line.strip() for line in file]
    lines, branches, left = [0, 0], [0, 0], []
    for line in entry["lines"]:
        if line.get("gcovr/noncode") or line.get("gcovr/excluded"):
            continue
        all_ways, taken = len(line["branches"]), sum(b["count"] > 0 for b in line["branches"])
        lines[1] += 1
        lines[0] += line["count"] > 0
        branches[1] += all_ways
        branches[0] += taken
        code = text[line["line_number"] - 1]
        if line["count"] == 0:
            left.append((line["line_number"], code, "never reached"))
        elif taken < all_ways:
            left.append((line["line_number"], code, f"{taken} of {all_ways} branches"))
    return lines, branches, left, text


def main():
    source, build = map(os.path.abspath, sys.argv[1:3])
    data, reasons_file = os.path.join(build, "coverage.json"), os.path.join(source, "tests/coverage/left.txt")
    subprocess.run(["gcovr", "--root", source, "--filter", os.path.join(source, "common/"), "--json", data,
                    os.path.join(build, "common")], check=True)
    with open(data, encoding="utf-8") as file:
        files = sorted(json.load(file)["files"], key=lambda entry: entry["file"])
    reasons = read_reasons(reasons_file)
    all_lines, all_branches, without, used, there = [0, 0], [0, 0], [], {}, set()

    for entry in files:
        lines, branches, left, codes = look_at(source, entry)
        row(entry["file"], lines, branches)
        there.update((entry["file"], code) for code in codes)
        for total, part in (all_lines, lines), (all_branches, branches):
            total[0] += part[0]
            total[1] += part[1]
        for number, code, what in left:
            if (entry["file"], code) in reasons:
                used.setdefault((entry["file"], code), []).append((number, what))
            else:
                without.append(f"{entry['file']}:{number}: {what}: {code}")
    row("all", all_lines, all_branches)

    print("\nleft, with the reason why (tests/coverage/left.txt):")
    for (file, code), where in used.items():
        for number, what in where:
            print(f"{file}:{number}: {what}: {code}\n    {reasons[file, code]}")
    stale = [f"{file}: {code}" for (file, code), why in reasons.items()
             if not why or (file, code) not in there or (file, code) not in used and not why.startswith("by chance:")]

    failures = []
    if not files:
        failures.append("gcovr found nothing: were the tests built with --coverage, and run?")
    if percent(*all_lines) < LEAST_LINES or percent(*all_branches) < LEAST_BRANCHES:
        failures.append(f"less than {LEAST_LINES} % of lines or {LEAST_BRANCHES} % of branches")
    if without:
        failures.append("left without a reason in tests/coverage/left.txt:\n  " + "\n  ".join(without))
    if stale:
        failures.append("not left any more, or never there, or without words, in tests/coverage/left.txt:\n  "
                        + "\n  ".join(stale))
    for failure in failures:
        print(f"coverage: {failure}", file=sys.stderr)
    sys.exit(1 if failures else 0)


main()
