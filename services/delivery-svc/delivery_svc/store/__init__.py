"""SQL: tables and statements."""
