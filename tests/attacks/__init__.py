"""Attacks that must fail: each test makes one as somebody who wishes opsbot ill would."""
