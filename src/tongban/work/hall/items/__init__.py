"""Service items: their wording, versions, guide pages and the import of item lists."""
