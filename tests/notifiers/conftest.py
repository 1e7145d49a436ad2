"""What tests of notifiers share."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.bound import BOUND


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate for 127.0.0.1 in one file, made for this run."""
    openssl = shutil.which("openssl")
    assert openssl, "openssl makes the certificate of the tests' servers: install it"
    folder = tmp_path_factory.mktemp("tls")
    made, key = folder / "cert.pem", folder / "key.pem"
    command = [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-keyout", str(key), "-out", str(made), "-days", "2", "-subj", "/CN=127.0.0.1"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run(command, check=True, capture_output=True, timeout=BOUND)
    made.write_text(made.read_text() + key.read_text())
    return made
