"""Configuration: YAML in, one immutable Settings out."""
