"""The command line: argv -> public functions; the only place that prints."""
