"""How much of what comes in. Read inside the cell too, so nothing is imported here."""

MB = 1024 * 1024
CHUNK = 65_536  # bytes read at once

MAX_PIXELS = 80_000_000
MAX_PAGES = 2_000
MAX_OBJECTS = 500_000  # of a PDF

# Archives, unpacked and over all levels.
MAX_TOTAL = 200 * MB
MAX_RATIO = 100
MAX_ENTRIES = 2_000
MAX_DIRECTORY = 2 * MB
MAX_INNER = 20 * MB  # a document inside a document
