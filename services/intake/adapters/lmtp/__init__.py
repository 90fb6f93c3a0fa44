"""Mail brought by a mail server over LMTP (RFC 2033) or SMTP: a process that takes what is for our mailboxes (ADR 0041).

config.py    its settings in the policy
protocol.py  the protocol: an answer for each recipient, limits, nothing personal in logs
inbox.py     who is known here, and what each recipient is answered
adapter.py   the process: the listening socket, opened and closed in order
"""
