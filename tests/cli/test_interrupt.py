"""Ctrl-C while a fit samples: one line, exit code 130, nothing left behind."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from attribution.shipped import folder

LONG = ("--draws", "100000", "--tune", "100000", "--chains", "2")
COLUMNS = "post_id,tier,reach,likes,comments,conversions\n"


@contextmanager
def heeding_ctrl_c() -> Iterator[None]:
    """Let children heed Ctrl-C even where this process was told to ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def test_ctrl_c_leaves_no_half_run(tmp_path: Path) -> None:
    table = tmp_path / "posts.csv"
    rows = [f"p{i},{'ab'[i % 2]},{1000 + 7 * i},{50 + i},{i % 9},{i % 4}\n" for i in range(400)]
    table.write_text(COLUMNS + "".join(rows))
    run = tmp_path / "runs" / "one"
    words = ("fit", str(folder("models") / "additive.toml"), str(table), "-o", str(run), *LONG)
    with (
        heeding_ctrl_c(),
        subprocess.Popen(
            [sys.executable, "-m", "attribution", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
        ) as fit,
    ):
        assert fit.stderr is not None
        for line in fit.stderr:
            if line.startswith("compile: "):
                break
        time.sleep(5)  # into the sampler's own code, far from the end of 400,000 draws
        assert fit.poll() is None
        fit.send_signal(signal.SIGINT)
        out, said = fit.communicate(timeout=60)
    assert (fit.returncode, out) == (130, "")
    assert said == "stopped: nothing unfinished was kept\n"
    left = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")}
    assert left == {"posts.csv"}
