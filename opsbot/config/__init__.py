"""Configuration: a YAML file and the environment in, one immutable `Settings` out (see `load`)."""
