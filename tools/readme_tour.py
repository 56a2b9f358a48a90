"""Put what the demo printed into the tour of README.md.

Run as ``uv run attribution demo > demo.txt`` and ``uv run poe readme-tour demo.txt``: what stands
between ``<!-- demo: NAME -->`` and ``<!-- end -->`` is replaced.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"
BLOCK = re.compile(r"(<!-- demo: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def steps(output: str) -> dict[str, list[str]]:
    """Return the lines of each step by the first words of its title."""
    found: dict[str, list[str]] = {}
    for line in output.splitlines():
        if re.match(r"\S.* \(\d+\.\d s\)$", line):
            found[line] = current = [line]
        elif found:
            current.append(line)
    return found


def everything(lines: list[str]) -> list[str]:
    """Keep a step as it is."""
    return lines


def overall_truth(lines: list[str]) -> list[str]:
    """Keep the sentences, the table's head and the rows about all posts of these creators."""
    rule = next(number for number, line in enumerate(lines) if line.startswith("──"))
    rows = [line for line in lines[rule + 1 :] if re.search(r"   all   ", line)]
    return [*lines[: rule + 1], *rows, "... and so on for each tier, and for ratios between tiers"]


PARTS: dict[str, tuple[str, Callable[[list[str]], list[str]]]] = {
    "ingest": ("Credited", everything),
    "fit": ("Fitted the additive", everything),
    "check": ("Checked the additive", everything),
    "compare": ("Compared the models", everything),
    "truth": ("Compared the additive", overall_truth),
    "roi": ("Worked out", everything),
}


def filled(readme: str, output: str) -> str:
    """Return the README with its blocks replaced by what the demo printed."""
    found = steps(output)

    def replace(match: re.Match[str]) -> str:
        start, keep = PARTS[match[2]]
        lines = next(lines for title, lines in found.items() if title.startswith(start))
        text = "\n".join(line.rstrip() for line in keep(lines)).strip()
        return f"{match[1]}```\n{text}\n```\n{match[3]}"

    return BLOCK.sub(replace, readme)


if __name__ == "__main__":
    output = Path(sys.argv[1]).read_text(encoding="utf-8")
    README.write_text(filled(README.read_text(encoding="utf-8"), output), encoding="utf-8")
