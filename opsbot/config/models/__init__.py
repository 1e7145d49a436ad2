"""The sections of a configuration file as people write them, one module each: a command loads what it needs.

`docs/configuration.md` explains every key.
"""
