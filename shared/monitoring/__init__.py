"""What watches the suite: Grafana dashboards (R-OB-02) and Prometheus rules (R-OB-03), generated from the code.

grafana.py      a dashboard as rows of panels, and the JSON that Grafana reads
dashboards/     one file per dashboard
objectives.py   the SLA objectives: recording rules and alerts by burn rate, from one table of windows
alerts.py       every other alert
files.py        where the generated files are; `python -m shared.monitoring [--check]` writes or compares them
"""
