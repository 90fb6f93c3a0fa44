"""HTTP to the outside: a client that refuses inner addresses, and tells what was certainly not taken from what may have been.

addresses.py  which addresses are out of bounds for what a policy or a stranger names
network.py    connects to a checked address and to no other
target.py     URLs and headers that are sent at all
client.py     `HttpClient`: one request, one result
settings.py   `Trusted`, for config models
signature.py  how what we post is signed
result.py     `Answer`, `NotTaken`, `PerhapsTaken`
"""

from shared.outbound.client import HttpClient as HttpClient
from shared.outbound.result import Answer as Answer
from shared.outbound.result import NotTaken as NotTaken
from shared.outbound.result import PerhapsTaken as PerhapsTaken
from shared.outbound.result import Result as Result
from shared.outbound.settings import Trusted as Trusted
from shared.outbound.signature import signed as signed
