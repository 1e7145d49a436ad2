"""What the supervisor `systemd` is made of."""
