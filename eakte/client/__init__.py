"""A typed client of eakte's API: for specialist procedures, scanning stations and scripts.

It knows nothing of the service's inside and needs `httpx2` alone. It speaks to the address it is given and to no other.

    from eakte.client import Client

    with Client("https://akte.rodenbeck.example", token) as eakte:
        akte = eakte.dossiers.create("632.2", "Bauantrag Lindenweg 12")
"""

from eakte.client.client import Client, Paper
from eakte.client.connection import File
from eakte.client.problems import EakteProblem, Fault

__all__ = ["Client", "EakteProblem", "Fault", "File", "Paper"]
