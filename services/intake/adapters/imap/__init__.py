"""Mail fetched by IMAP: a process that watches folders and brings what comes into them onto the bus (ADR 0041).

config.py    its settings in the policy
session.py   one connection to one folder; blocking
place.py     how far a folder is read, kept durably
reader.py    one pass over what is new: fetched, delivered, tidied away, noted, in this order
watch.py     one folder watched for ever: connections, waiting, pauses
adapter.py   the process: a watch for each folder
"""
