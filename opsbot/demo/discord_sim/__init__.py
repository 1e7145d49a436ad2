"""A Discord on this machine: unmodified discord.py against a real HTTP and WebSocket server."""

from opsbot.demo.discord_sim.people import Person
from opsbot.demo.discord_sim.pings import Pings
from opsbot.demo.discord_sim.requests import Request
from opsbot.demo.discord_sim.server import SimulatedDiscord
from opsbot.demo.discord_sim.world import World
from opsbot.demo.pointing import point_discord_py_at

__all__ = ["Person", "Pings", "Request", "SimulatedDiscord", "World", "point_discord_py_at"]
