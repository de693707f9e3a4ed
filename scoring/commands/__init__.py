"""Commands are words on a terminal: they ask a room, and print what it says.

What a command needs to know of a person, a rule or a group is in the rooms; here are arguments, progress and text.
"""
