"""DCAT out and in: what is published described to the world, and other catalogues' files judged and taken over."""
