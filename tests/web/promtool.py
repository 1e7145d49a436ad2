"""Prometheus' own opinion."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

from tests.bound import BOUND


def promtool(*arguments: str, given: str = "") -> str:
    """What it says of something that is right; fails with what is wrong. Skips where it is not installed;
    with OPSBOT_TEST_REQUIRE_ALL that is a failure."""
    if shutil.which("promtool") is None:
        reason = "promtool is not installed (Debian: prometheus)"
        assert not os.environ.get("OPSBOT_TEST_REQUIRE_ALL"), reason
        pytest.skip(reason)
    done = subprocess.run(
        ["promtool", *arguments], input=given, capture_output=True, text=True, timeout=BOUND
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr
