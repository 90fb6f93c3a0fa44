"""Callbacks and satisfaction: are customers called, and are they content (R-FB-01 to R-FB-03)."""

from shared.monitoring.grafana import Dashboard, Row, bars, held, in_range, per_minute, quantile, series, stat

_CHOSEN = '{department=~"$department"}'
_CONTENT = in_range("yingda_satisfaction_total", "", '{department=~"$department",satisfaction=~"(very_)?satisfied"}')
_RATED = in_range("yingda_satisfaction_total", "", '{department=~"$department",satisfaction!="not_rated"}')

DASHBOARD = Dashboard(
    "yingda-callbacks",
    "Yingda: callbacks and satisfaction",
    by_department=True,
    rows=(
        Row(
            "Now",
            (
                stat("To be made", held("yingda_callbacks_open"), "Callbacks that are open."),
                stat("Made", in_range("yingda_callbacks_total"), "Callbacks that ended, reached or not."),
                stat("Satisfied", f"{_CONTENT} / {_RATED}", "Of those who rated.", "percentunit", good_above=0.9),
                stat("Surveys open", held("yingda_surveys_open"), "Surveys that can still be answered."),
            ),
        ),
        Row(
            "Over time",
            (
                series(
                    "Callbacks",
                    "How they ended, a minute.",
                    (per_minute("yingda_callbacks_total", "outcome"), "{{outcome}}"),
                ),
                series("Open", "Callbacks still to be made.", (held("yingda_callbacks_open", "kind"), "{{kind}}")),
                bars(
                    "Satisfaction",
                    in_range("yingda_satisfaction_total", "satisfaction", _CHOSEN),
                    "{{satisfaction}}",
                    "Answers on the five-level scale.",
                ),
                series(
                    "Score, median",
                    "Of ten, by department.",
                    (quantile(0.5, "yingda_callback_score", "department"), "{{department}}"),
                ),
                series(
                    "Surveys",
                    "Issued to customers whom no call reached, and requests to their page.",
                    (per_minute("yingda_surveys_issued_total", "department", _CHOSEN), "issued {{department}}"),
                    (per_minute("yingda_survey_requests_total", "outcome"), "page: {{outcome}}"),
                ),
                series(
                    "Reopened",
                    "Work orders that went back, a minute.",
                    (
                        per_minute(
                            "yingda_workorder_steps_total", "department", '{department=~"$department",step="reopened"}'
                        ),
                        "{{department}}",
                    ),
                ),
            ),
        ),
    ),
)
