"""What brings contacts in: adapters that run as processes of their own, and the endpoints of the HTTP gateway.

Each reads no more of what arrives than it needs to know who sent it and what it is called; its raw form goes over the bus, and the
plugin of its channel (`services.intake.plugins`) reads it.
"""
