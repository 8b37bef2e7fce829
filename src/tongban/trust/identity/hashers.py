"""How passwords are hashed."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class Argon2id(Argon2PasswordHasher):
    """Argon2id with 46 MiB, one pass, one lane: a setting that OWASP gives for passwords, and more than ten sign-ins a
    second on one core (G11). Django's own has eight lanes, for a machine that does nothing else. Older hashes are
    renewed at the next sign-in."""

    time_cost = 1
    memory_cost = 47_104
    parallelism = 1
