"""What `candor doctor` asks of infrastructure that others run, for one process at a time."""
