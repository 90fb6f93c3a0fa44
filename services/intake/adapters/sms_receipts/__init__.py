"""The endpoint `sms_receipts`: what became of messages, as the providers report it (docs/channels/sms_receipts.md).

endpoint.py   who reports where, and what is answered
reports.py    the vendors' reports as receipts
records.py    receipts to notify, by its command
"""
