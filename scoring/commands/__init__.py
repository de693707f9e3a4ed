"""A command is words on a terminal: it asks a room, and prints what it says.

What a command needs to know of a person, a rule or a group is in the rooms; here are arguments, progress and text.
"""
