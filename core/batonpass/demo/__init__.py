"""The demo: real conversations over real HTTP on this machine, with emulated vendors and a little AI agent."""

from batonpass.demo.agent_page import ShownNote, ShownTicket
from batonpass.demo.play import Played, play
from batonpass.demo.scripts import Script, own_script, shipped_scripts
from batonpass.demo.stage import Stage, set_up
from batonpass.demo.way_back import solve

__all__ = [
    "Played",
    "Script",
    "ShownNote",
    "ShownTicket",
    "Stage",
    "own_script",
    "play",
    "set_up",
    "shipped_scripts",
    "solve",
]
