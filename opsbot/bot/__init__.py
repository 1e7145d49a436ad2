"""The bot: opsbot's face in Discord, and the way by which notices reach the ops channel.

Nothing is imported here: without a section `discord`, opsbot does not load discord.py (a third of its start).
"""
