"""The dashboard of flow: whether events are taken in, reach Kafka and take effect, and whether processes are well."""

from __future__ import annotations

from typing import Final

from tools.grafana.panels import RED, YELLOW, Dashboard, Panel, Query, Section, firing, stat

INTAKE: Final = 'job=~"promise-svc|delivery-svc", method=~"POST|PUT|PATCH|DELETE"'
FILES: Final = ("intake", "sources", "flow", "platform", "slo")

FIRST: Final = (
    firing(*FILES),
    stat(
        "Stopped",
        "Processes and parts of them that have stopped, as the board says on every page. Above 0: see which in the "
        "panel Stopped below, and follow the runbook.",
        "sum(max by (part) (candor_part_stopped))",
        steps=((1, RED),),
        runbook="process-stopped",
    ),
    stat(
        "Oldest unsent event",
        "How long the oldest saved event has waited for Kafka. Above five minutes somebody is woken; at six hours "
        "intake refuses more.",
        "max(job:candor_outbox_oldest_age_seconds:max)",
        unit="s",
        steps=((60, YELLOW), (300, RED)),
        runbook="outbox",
    ),
    stat(
        "Worst delay",
        "How old the oldest event is that has had no effect yet. Above a minute scores are old, and no message is sent "
        "on them.",
        "max(job_topic:candor_consumer_lag_seconds:max)",
        unit="s",
        steps=((10, YELLOW), (60, RED)),
        runbook="late-events",
    ),
    stat(
        "Dead letters",
        "Events that could not be applied and wait for a person: `candor dlq list`.",
        "sum(candor_dead_letters)",
        steps=((1, YELLOW),),
        runbook="dead-letters",
    ),
    stat(
        "Stopped partitions",
        "Partitions that stopped because too many events in them failed: their customers hear nothing until a person "
        "decides.",
        "sum(candor_partitions_halted)",
        steps=((1, RED),),
        runbook="dead-letters",
    ),
)
TAKEN: Final = (
    Panel(
        title="Requests that write, each second",
        text="What senders send. A fall at a busy time: look at the sources first, then at the failed share.",
        queries=(Query("job:candor_http_writes:rate5m", "{{job}}"),),
        unit="reqps",
        low=0,
        runbook="stopped-source",
    ),
    Panel(
        title="Share that failed",
        text="Share answered with a server error. Above 5 % somebody is woken: senders must send it again.",
        queries=(
            Query(
                "(job:candor_http_failed_writes:rate5m or job:candor_http_writes:rate5m * 0) "
                "/ job:candor_http_writes:rate5m",
                "{{job}}",
            ),
        ),
        unit="percentunit",
        low=0,
        steps=((0.05, RED),),
        runbook="intake",
    ),
    Panel(
        title="Time to answer, p99",
        text="Time by which 99 of 100 writing requests are answered. If it rises, look at the disk and at the "
        "database.",
        queries=(
            Query(
                "histogram_quantile(0.99, sum by (job, le) "
                f"(rate(candor_http_request_seconds_bucket{{{INTAKE}}}[$__rate_interval])))",
                "{{job}}",
            ),
        ),
        unit="s",
        low=0,
        runbook="intake",
    ),
    Panel(
        title="Refused, each hour",
        text="Callers refused for a key, role or signature, and events refused for what they say. A step upwards "
        "after a change of keys is a key that was not changed everywhere.",
        queries=(
            Query("sum(increase(candor_auth_failures_total[1h])) or vector(0)", "key, role or signature"),
            Query("sum(increase(candor_webhooks_refused_total[1h])) or vector(0)", "signature of a webhook"),
            Query("sum(increase(candor_refused_total[1h])) or vector(0)", "content"),
        ),
        low=0,
        runbook="expiry",
    ),
    Panel(
        title="Since each source's last event",
        text="Time since something last came from each sender. One that has stopped: ask its owner; gaps rest on old "
        "reports until it is back.",
        queries=(Query("time() - job_source:candor_source_last_event_timestamp_seconds:max7d", "{{job}}: {{source}}"),),
        unit="s",
        low=0,
        runbook="stopped-source",
    ),
    Panel(
        title="Reports without their promise",
        text="Reports that wait for a promise nobody has made yet. If they grow, promises come from a source that has "
        "stopped, or are named otherwise there.",
        queries=(Query("max by (reason) (candor_parked_events)", "{{reason}}"),),
        low=0,
        runbook="stopped-source",
    ),
)
SENT: Final = (
    Panel(
        title="Waiting for Kafka",
        text="Age of the oldest event saved and not sent. If it rises for all services Kafka is away; for one, its "
        "relay.",
        queries=(Query("job:candor_outbox_oldest_age_seconds:max", "{{job}}"),),
        unit="s",
        low=0,
        steps=((300, RED),),
        runbook="outbox",
    ),
    Panel(
        title="Rows in the outbox",
        text="Rows not sent. At 200,000 intake refuses more.",
        queries=(Query("job:candor_outbox_rows:max", "{{job}}"),),
        low=0,
        steps=((150_000, RED),),
        runbook="outbox",
    ),
    Panel(
        title="Sent to Kafka, each second",
        text="Events that Kafka acknowledged, and attempts that failed. Failures with nothing sent: Kafka is away or "
        "refuses us.",
        queries=(
            Query("sum by (job) (rate(candor_relayed_total[$__rate_interval]))", "{{job}}"),
            Query("sum(rate(candor_relay_failures_total[$__rate_interval])) or vector(0)", "failed attempts"),
        ),
        unit="cps",
        low=0,
        runbook="outbox",
    ),
)
APPLIED: Final = (
    Panel(
        title="Delay until events have effect",
        text="Age of the oldest event not yet applied. Above a minute for five minutes somebody is woken.",
        queries=(Query("job_topic:candor_consumer_lag_seconds:max", "{{job}}: {{topic}}"),),
        unit="s",
        low=0,
        steps=((60, RED),),
        runbook="late-events",
    ),
    Panel(
        title="Events not yet applied",
        text="How many events wait. Growing without end: more comes in than is applied; add workers.",
        queries=(Query("sum by (job) (candor_consumer_lag_records)", "{{job}}"),),
        low=0,
        runbook="late-events",
    ),
    Panel(
        title="Applied, each second",
        text="Events applied, and batches that were taken back and tried again. Taken back without end: the log of "
        "that process says why.",
        queries=(
            Query("sum by (job) (rate(candor_consumed_total[$__rate_interval]))", "{{job}}"),
            Query("sum(rate(candor_batch_failures_total[$__rate_interval])) or vector(0)", "batches taken back"),
        ),
        unit="cps",
        low=0,
        runbook="late-events",
    ),
    Panel(
        title="Time of a batch, p99",
        text="From a batch's poll to its commit. If it rises with the delay, the database is slow.",
        queries=(
            Query(
                "histogram_quantile(0.99, sum by (job, le) (rate(candor_batch_seconds_bucket[$__rate_interval])))",
                "{{job}}",
            ),
        ),
        unit="s",
        low=0,
        runbook="late-events",
    ),
    Panel(
        title="Dead letters",
        text="Events that wait for a person, by process. `candor dlq list` shows them, `candor dlq replay` tries "
        "again.",
        queries=(
            Query("sum by (job) (candor_dead_letters)", "{{job}}"),
            Query("sum by (job) (candor_outbox_dead_letters)", "{{job}}: put aside"),
        ),
        low=0,
        steps=((1, RED),),
        runbook="dead-letters",
    ),
    Panel(
        title="Partitions held",
        text="Partitions that processes hold. All of a job at 0: nobody reads, though the delay reads 0.",
        queries=(Query("sum by (job) (candor_partitions_owned)", "{{job}}"),),
        low=0,
        runbook="late-events",
    ),
)
PROCESSES: Final = (
    Panel(
        title="Ready",
        text="1 while at least one process of the job is ready. At 0 its part of the work has stopped; GET /readyz "
        "says why.",
        queries=(Query("max by (job) (candor_ready)", "{{job}}"),),
        low=0,
        high=1,
        decimals=0,
        runbook="process-stopped",
    ),
    Panel(
        title="Stopped",
        text="1 for each process, part or server that has stopped. Named ones: follow the runbook.",
        queries=(
            Query(
                "max by (part) (candor_part_stopped) > 0 "
                'or label_replace(max(candor_part_stopped) == 0, "part", "nothing", "", "")',
                "{{part}}",
            ),
        ),
        low=0,
        high=1,
        decimals=0,
        runbook="process-stopped",
    ),
    Panel(
        title="Delay of the event loop",
        text="How late each process does what is due, over five minutes. Above half a second it has too much to do or "
        "too little processor.",
        queries=(Query("max by (job) (job_instance:candor_event_loop_lag_seconds:avg5m)", "{{job}}"),),
        unit="s",
        low=0,
        steps=((0.5, RED),),
        runbook="process-stopped",
    ),
    Panel(
        title="Free disk",
        text="Free share of each file system that is watched. With a full disk nothing is accepted.",
        queries=(Query("min by (job) (job_instance_path:candor_disk_free:ratio)", "{{job}}"),),
        unit="percentunit",
        low=0,
        high=1,
        base="red",
        steps=((0.05, YELLOW), (0.15, "green")),
        width=12,
        runbook="disk",
    ),
    Panel(
        title="Error budgets left",
        text="What is left, over 28 days, of what may fail of each objective. Below 0: put reliability before "
        "features.",
        queries=(Query('slo:candor_error_budget_left:ratio{slo!~"kept-promises|messages-in-time"}', "{{slo}}"),),
        unit="percentunit",
        low=-1,
        high=1,
        width=12,
        base="red",
        steps=((0, "green"),),
        runbook="README",
    ),
)
DASHBOARD: Final = Dashboard(
    "flow",
    "Candor: flow",
    "Whether what senders send takes effect. First row: what to act on now; then the way of an event, in its order.",
    (
        Section("Now", FIRST),
        Section("Taken in", TAKEN),
        Section("To Kafka", SENT),
        Section("Into effect", APPLIED),
        Section("Processes", PROCESSES),
    ),
)
