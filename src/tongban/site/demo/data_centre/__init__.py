"""`tongban demo data-centre`: the story of the data centre, told with the real things (issue of the data centre).

Departments' nodes run as processes with homes of their own; people act with their own posts, each only what is theirs.
What was done stays in the installation and is found again when the command is repeated; its processes end with it.
"""
