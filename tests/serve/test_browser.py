"""`tuiwb serve` in a real browser without a net: a tab that is closed leaves its run training."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.scenarios.helpers import end_worker_of, steps, view
from tests.serve.browser import CHROMIUM, tab, until
from tuiwb.run.layout import RunPaths
from tuiwb.spec import resolve, to_toml

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
]
NAME = "aa-patient"
"""A preset of the user's own, which trains until somebody stops it."""


@pytest.fixture
def server(own_world: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`tuiwb serve` and the address that it printed."""
    presets = own_world / "config" / "tuiwb" / "presets"
    presets.mkdir(parents=True)
    endless = resolve("mlp-digits", ["train.steps=1000000"])
    text = to_toml(endless).replace('family = "vision"', 'family = "aa"')
    (presets / f"{NAME}.toml").write_text(text)
    process = subprocess.Popen(
        [sys.executable, "-m", "tuiwb", "serve", "--port", "0"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        yield process, process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait(30)
        process.stdout.close()
        for run in (own_world / "runs").glob(f"{NAME}-*"):
            end_worker_of(RunPaths(run))


def workbenches(server: subprocess.Popen[str]) -> list[int]:
    """The processes behind the open tabs."""
    return [child.pid for child in psutil.Process(server.pid).children()]


async def test_a_run_is_started_in_a_tab_and_outlives_it(
    server: tuple[subprocess.Popen[str], str], own_world: Path, tmp_path: Path
) -> None:
    process, address = server
    async with tab(tmp_path, address) as page:
        await until(lambda: NAME in page.text)
        assert await page.evaluate("document.title") == "tuiwb"
        assert all(one.startswith(address) for one in page.asked) and not page.refused
        (workbench,) = workbenches(process)
        await page.press("home")  # where it came last, the cursor is on the preset that was first
        await page.press("enter")
        await until(lambda: "knobs" in page.text and "train.steps" in page.text)
        await page.press("ctrl+r")
        await until(lambda: "training" in page.text and "gradients by layer" in page.text)
        (run,) = [RunPaths(one) for one in (own_world / "runs").glob(f"{NAME}-*")]
        assert len(await page.picture()) > 10_000
        await page.close()
    await until(lambda: not psutil.pid_exists(workbench) and not workbenches(process))
    await until(lambda: view(run).status.state == "training")
    before = steps(run)
    await until(lambda: steps(run) > before)


async def test_a_workbench_that_is_left_says_so_on_the_page(
    server: tuple[subprocess.Popen[str], str], tmp_path: Path
) -> None:
    process, address = server
    async with tab(tmp_path, address) as page:
        await until(lambda: NAME in page.text)
        await page.press("q")
        while "-closed" not in await page.evaluate("document.body.className"):
            await asyncio.sleep(0.2)
        assert "go on" in await page.evaluate("document.getElementById('ended').innerText")
        await until(lambda: not workbenches(process))


async def test_tabs_end_with_the_server_however_it_ends(
    server: tuple[subprocess.Popen[str], str], tmp_path: Path
) -> None:
    process, address = server
    async with tab(tmp_path, address) as page:
        await until(lambda: NAME in page.text)
        (workbench,) = workbenches(process)
        process.kill()
        await until(lambda: not psutil.pid_exists(workbench))
