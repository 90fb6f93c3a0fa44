"""The command line `yingda`: one file per command, each imported only when it is asked for.

`main` finds the command, `errors` says how a command fails, `connection` finds the servers, `output` prints.
`supervisor` (class `Suite`) runs everything on one machine; `yingda up`, the demo and the tests use it.
"""
