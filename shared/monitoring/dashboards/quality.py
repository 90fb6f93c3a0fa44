"""Quality and knowledge: what agents' texts are looked through for, and what was learned (R-FB-04, R-FB-06)."""

from shared.monitoring.grafana import Dashboard, Row, bars, held, in_range, per_minute, series, stat

_CHOSEN = '{department=~"$department"}'

DASHBOARD = Dashboard(
    "yingda-quality",
    "Yingda: quality and knowledge",
    by_department=True,
    rows=(
        Row(
            "Quality",
            (
                stat(
                    "Findings", in_range("yingda_quality_findings_total", "", _CHOSEN), "Phrases found.", good_below=1
                ),
                stat("To be reviewed", held("yingda_quality_reviews_open"), "Sampled conversations without a score."),
                stat("Reports", in_range("yingda_reports_total"), "Reports published."),
                series(
                    "Findings",
                    "Forbidden phrases and evasions, a minute.",
                    (per_minute("yingda_quality_findings_total", "kind", _CHOSEN), "{{kind}}"),
                ),
                bars(
                    "By phrase",
                    in_range("yingda_quality_findings_total", "phrase", _CHOSEN),
                    "{{phrase}}",
                    "What was said most often.",
                ),
            ),
        ),
        Row(
            "Knowledge",
            (
                bars("Entries", held("yingda_knowledge_entries", "state"), "{{state}}", "By state."),
                series(
                    "Ratings",
                    "Whether an entry helped, a minute.",
                    (per_minute("yingda_knowledge_ratings_total", "useful"), "useful: {{useful}}"),
                ),
                series(
                    "Reports",
                    "Published, by kind.",
                    (in_range("yingda_reports_total", "report"), "{{report}}"),
                ),
            ),
        ),
    ),
)
