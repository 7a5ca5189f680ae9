"""Operations: settings, clocks, logs, metrics, traces, health and background tasks."""
