"""What all cogs share: who may, how it is answered, buttons, confirmation, progress."""
