"""What the `smtp` transport is made of.

writing.py       a message as a mail: headers that nothing can be injected into
connections.py   connections to the mail server, kept for a while
replies.py       the server's codes as outcomes
"""
