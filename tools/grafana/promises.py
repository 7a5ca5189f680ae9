"""The dashboard of promises: how many are open, which way they go, and whether the company keeps them."""

from __future__ import annotations

from typing import Final

from tools.grafana.panels import RED, YELLOW, Dashboard, Panel, Query, Section, firing, stat

OPEN: Final = "sum(max by (band) (candor_promises_open))"
KEPT: Final = 'slo="kept-promises"'
STALE: Final = "If it stands still while events come in, look at the dashboard of flow first."
BANDS: Final = ("none", "low", "medium", "high", "severe")

FIRST: Final = (
    firing("slo_promises", "sources"),
    stat(
        "Open promises",
        f"Promises that have not ended. {STALE}",
        OPEN,
        base="text",
        runbook="late-events",
    ),
    stat(
        "Expected to be broken",
        "Open promises whose forecast is past what the customer was told. Open the board, sorted by gap: these are the "
        "ones to save or to speak about.",
        "max(candor_promises_slipping)",
        steps=((1, YELLOW),),
        runbook="promises-not-kept",
    ),
    stat(
        "Share of open ones",
        "The same as a share of all open promises. A sudden rise has one cause for many: look at the open incidents "
        "on the board.",
        f"max(candor_promises_slipping) / ({OPEN} > 0) or vector(0)",
        unit="percentunit",
        decimals=0,
        steps=((0.1, YELLOW), (0.3, RED)),
        runbook="promises-not-kept",
    ),
    stat(
        "High or severe gap",
        "Open promises whose customer expects something quite different from what will happen. Each has its reasons on "
        "the board; its owner is told first.",
        'sum(max by (band) (candor_promises_open{band=~"high|severe"}))',
        steps=((1, YELLOW),),
        runbook="promises-not-kept",
    ),
    stat(
        "Error budget left",
        "What is left, over 28 days, of the promises that the objective lets you break. Below 0 more were broken than "
        "you allow yourself: promise less or later, beginning with the promise type that breaks most.",
        f"slo:candor_error_budget_left:ratio{{{KEPT}}}",
        unit="percentunit",
        decimals=0,
        base="red",
        steps=((0, YELLOW), (0.25, "green")),
        runbook="promises-not-kept",
    ),
)
NOW: Final = (
    Panel(
        title="Open promises by gap",
        text="Open promises by the band of their gap. Look at what grows at the top: high and severe. " + STALE,
        queries=tuple(Query(f'max(candor_promises_open{{band="{band}"}})', band) for band in BANDS),
        width=12,
        stacked=True,
        low=0,
        runbook="late-events",
    ),
    Panel(
        title="Expected to be broken",
        text="Open promises that are forecast to be late. A step upwards is an incident or a source that reported many "
        "delays at once; the board names it.",
        queries=(Query("max(candor_promises_slipping)", "expected to be broken"),),
        width=12,
        low=0,
        runbook="promises-not-kept",
    ),
)
ENDED: Final = (
    Panel(
        title="Promises that ended, each hour",
        text="How promises ended within the last hour. Broken ones that were never announced are in the forecast "
        "accuracy on the board: begin there.",
        queries=(Query("sum by (standing) (increase(candor_promises_ended_total[1h]))", "{{standing}}"),),
        width=8,
        low=0,
        runbook="promises-not-kept",
    ),
    Panel(
        title="Share broken",
        text="Broken among those that ended as kept or broken, over one day and over 28 days. The line is what the "
        "objective allows. Above it for days: promises are made that cannot be kept.",
        queries=tuple(
            Query(f"slo:candor_errors:ratio_rate{window}{{{KEPT}}}", f"within {window}") for window in ("1d", "28d")
        ),
        unit="percentunit",
        width=8,
        low=0,
        high=1,
        steps=((0.1, RED),),
        runbook="promises-not-kept",
    ),
    Panel(
        title="Gaps published, each second",
        text="Changes of a gap that were worth telling other services, by the reason. None while events come in means "
        "that the worker does not score: look at late events.",
        queries=(Query("sum by (reason) (rate(candor_gaps_published_total[$__rate_interval]))", "{{reason}}"),),
        unit="cps",
        width=8,
        low=0,
        runbook="late-events",
    ),
)
MADE: Final = (
    Panel(
        title="Events on promises, each second",
        text="What came in at promise-svc, by type. A type that has stopped at a time when it usually comes: look at "
        "the source that sends it.",
        queries=(
            Query(
                'sum by (type) (rate(candor_accepted_total{job="promise-svc"}[$__rate_interval]))',
                "{{type}}",
            ),
        ),
        width=12,
        low=0,
        unit="cps",
        runbook="stopped-source",
    ),
    Panel(
        title="Reports on what happens, each second",
        text="What came in at delivery-svc, by type. Without reports gaps grow by silence alone: look at the sources.",
        queries=(
            Query(
                'sum by (type) (rate(candor_accepted_total{job="delivery-svc"}[$__rate_interval]))',
                "{{type}}",
            ),
        ),
        width=12,
        low=0,
        unit="cps",
        runbook="stopped-source",
    ),
)
DASHBOARD: Final = Dashboard(
    "promises",
    "Candor: promises",
    "Whether what customers were promised will be kept. First row: what to act on now.",
    (
        Section("Now", FIRST),
        Section("Open promises", NOW),
        Section("How they end", ENDED),
        Section("What is heard of them", MADE),
    ),
)
