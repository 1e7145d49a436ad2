"""Figures, measured by `python -m bench`: real processes, the simulated Discord in one of its own."""
