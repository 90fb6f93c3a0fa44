"""The event runtime: batches in, one transaction, one atomic publish out, then the acknowledgement.

`streams` says what exists on the server, `provision` creates it, `subscriber` fetches promptly, `runtime` runs the
path of a batch, `transaction` is what handlers get, `outbox` and `relay` publish, `deadletters` keep what failed.
"""
