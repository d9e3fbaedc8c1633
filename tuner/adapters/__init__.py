"""What a schedule is handed to: one file per framework, which it imports only when called."""
