"""What the supervisor `docker` is made of."""
