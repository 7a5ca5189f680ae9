"""The dashboard of forecasts: whether they can be relied on, and whether the model learns."""

from __future__ import annotations

from typing import Final

from tools.grafana.panels import RED, YELLOW, Dashboard, Panel, Query, Section, firing, stat

SKILL: Final = "1 - max(candor_forecast_brier_ratio) / max(candor_forecast_base_brier_ratio)"
BOOK: Final = "forecast-not-calibrated"
FEW: Final = "Under 1,000 scored forecasts it says little."

FIRST: Final = (
    firing("forecast"),
    stat(
        "Skill",
        "How much better forecasts are than always stating the usual share late: 1 is perfect, below 0 is worse than "
        "that. "
        f"{FEW}",
        SKILL,
        decimals=2,
        base="red",
        steps=((-0.02, YELLOW), (0.02, "green")),
        runbook=BOOK,
    ),
    stat(
        "Calibration error",
        "How far stated risks are from what happens, on average. Above 8 % customers are warned for nothing, or not at "
        f"all. {FEW}",
        "max(candor_forecast_calibration_error_ratio)",
        unit="percentunit",
        decimals=1,
        steps=((0.05, YELLOW), (0.08, RED)),
        runbook=BOOK,
    ),
    stat(
        "Complete by P80",
        f"Share of promises that were complete by their P80; it should be 80 %. {FEW}",
        'max(candor_forecast_covered_ratio{level="0.8"})',
        unit="percentunit",
        decimals=0,
        base="red",
        steps=((0.7, "green"), (0.9, RED)),
        runbook=BOOK,
    ),
    stat(
        "Scored forecasts",
        "On how many scored forecasts these figures rest, at most the last 5,000.",
        "sum(max by (bin) (candor_forecasts_settled))",
        base=YELLOW,
        steps=((1000, "green"),),
        runbook=BOOK,
    ),
    stat(
        "Learner behind",
        "Hours of business time that the learner has not closed. Above 3 workers go on with an old model: see whether "
        "the learner runs.",
        "max(candor_model_boundaries_waiting)",
        steps=((2, YELLOW), (4, RED)),
        runbook="model-stands-still",
    ),
)
ACCURACY: Final = (
    Panel(
        title="Brier score",
        text="Mean squared error of stated risks; lower is better. Above the usual share late forecasts do harm: see "
        "whether one promise type is to blame, on the board's page Forecast accuracy.",
        queries=(
            Query("max(candor_forecast_brier_ratio)", "forecasts"),
            Query("max(candor_forecast_base_brier_ratio)", "usual share late"),
        ),
        width=12,
        low=0,
        decimals=2,
        runbook=BOOK,
    ),
    Panel(
        title="Complete by P50, P80 and P90",
        text="Shares of promises that were complete by the times stated; they should be 50, 80 and 90 %. Far below: "
        "customers are told too early a time; far above: too late a one.",
        queries=(Query("max by (level) (candor_forecast_covered_ratio)", "stated {{level}}"),),
        unit="percentunit",
        width=12,
        low=0,
        high=1,
        runbook=BOOK,
    ),
    Panel(
        title="Risk stated and what happened",
        text="Forecasts in groups by the risk stated: mean risk, and share that was late. The two should be alike; "
        "where they are not, warnings of that strength mislead.",
        queries=(
            Query("max by (bin) (candor_forecast_predicted_ratio)", "{{bin}} stated"),
            Query("max by (bin) (candor_forecast_observed_ratio)", "{{bin}} happened"),
        ),
        kind="bargauge",
        unit="percentunit",
        width=12,
        height=10,
        low=0,
        high=1,
        decimals=0,
        base="blue",
        runbook=BOOK,
    ),
    Panel(
        title="Scored forecasts by risk stated",
        text="On how many each group rests. Do not judge a group of a handful.",
        queries=(Query("max by (bin) (candor_forecasts_settled)", "{{bin}}"),),
        kind="bargauge",
        width=12,
        height=10,
        low=0,
        base="blue",
        runbook=BOOK,
    ),
)
LEARNING: Final = (
    Panel(
        title="Model version",
        text="The version each process uses. A worker far below the learner does not follow it: see its log.",
        queries=(Query("max by (job) (candor_model_version)", "{{job}}"),),
        low=0,
        decimals=0,
        runbook="model-stands-still",
    ),
    Panel(
        title="Hours not learnt",
        text="Hours of business time that have passed and are not learnt. It should fall back to 0 every hour.",
        queries=(Query("max(candor_model_boundaries_waiting)", "hours"),),
        low=0,
        steps=((3, RED),),
        runbook="model-stands-still",
    ),
    Panel(
        title="Journal",
        text="Rows that the learner has to read, and entries that wait for their hour to close. Rows that only grow: "
        "the learner does not run.",
        queries=(
            Query("max(candor_journal_unread_rows)", "rows to read"),
            Query("max(candor_journal_waiting_entries)", "entries waiting"),
            Query("max(candor_journal_rows)", "rows, learnt or not"),
            Query("sum(increase(candor_journal_trimmed_rows_total[15m]))", "rows deleted at the limit"),
        ),
        low=0,
        runbook="model-stands-still",
    ),
    Panel(
        title="Share of promises learnt from",
        text="1 is all. Below it more promises come than the learner keeps: a random sample teaches, forecasts go on. "
        "If it stays low, raise MOST_ENTRIES.",
        queries=(Query("min(candor_learner_sample_ratio)", "share"),),
        low=0,
        runbook="model-stands-still",
    ),
    Panel(
        title="Came too late to teach, each hour",
        text="Entries and promises that came after their hour was learnt; they teach nothing. After an import: import "
        "older history first, in order of time.",
        queries=(
            Query("sum(increase(candor_journal_late_entries_total[1h]))", "entries"),
            Query("sum(increase(candor_promises_too_late_to_teach_total[1h]))", "promises"),
        ),
        low=0,
        runbook="model-stands-still",
    ),
    Panel(
        title="Time to learn an hour, p99",
        text="Time of one version. Near an hour the learner cannot keep up.",
        queries=(
            Query(
                "histogram_quantile(0.99, sum by (le) (rate(candor_model_version_seconds_bucket[$__rate_interval])))",
                "p99",
            ),
        ),
        unit="s",
        low=0,
        runbook="model-stands-still",
    ),
    Panel(
        title="Promises in memory",
        text="Live promises in the workers. If it only grows, promises are made and never end: see whether their "
        "reports come in.",
        queries=(Query("sum(candor_promises_in_memory)", "promises"),),
        low=0,
        runbook="stopped-source",
    ),
)
DASHBOARD: Final = Dashboard(
    "forecasts",
    "Candor: forecasts",
    "Whether forecasts can be relied on, and whether they learn. First row: what to act on now.",
    (Section("Now", FIRST), Section("Accuracy", ACCURACY), Section("Learning", LEARNING)),
)
