"""Open data (DATA-07): what everybody may see of the catalogue, its rows, files and counts."""
