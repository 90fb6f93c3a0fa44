"""Replaying contacts through the pure domain on a virtual clock: what a policy would do, before it is in force.

    history.py    contacts as they were recorded, or a sample spread over a month
    effort.py     how long people take over each contact: drawn from a seed, the same under every policy
    engine.py     teams, their queues and office hours, on a virtual clock
    life.py       the life of one work order: who does what next
    rehearsal.py  one policy: contacts in, verdicts of every clock and figures of every team out
    comparison.py the policy in force against a new one, in two processes
    ports.py      what routing and sla lend for it: their own decisions, found by the entry point group `yingda.simulators`

Nothing here touches a server, and no figure depends on the machine: the same contacts, policies and seed give the same
result to the last digit.
"""
