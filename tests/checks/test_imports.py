"""A command that looks once must start fast."""

from __future__ import annotations

import subprocess
import sys

import pytest

from opsbot import registry


@pytest.mark.parametrize("kind", registry.kinds("opsbot.checks"))
def test_importing_a_check_imports_no_slow_library(kind: str) -> None:
    code = (
        f"import sys, opsbot.checks.{kind} as check\n"
        "slow = {'aiohttp', 'discord', 'http.client'}\n"
        "print(*sorted(slow & set(sys.modules)), callable(check.build), callable(check.metrics))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.split() == ["True", "True"], done.stdout + done.stderr
