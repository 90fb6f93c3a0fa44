"""`yingda bench`: how fast the suite is on this machine, as ratios to baselines measured in the same run.

`throughput` runs contacts through a real `yingda up`, then the same messages and rows through a `bare` pipeline and
through `classic` handlers; `latency`, `deadlines`, `growth` and `idle` measure what their names say. Every part starts
servers of its own in a folder of its own and leaves nothing. `targets` says what is wanted, `report` prints it.
"""
