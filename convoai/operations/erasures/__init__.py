"""The ledger of deletions: kept outside the database too, and replayed onto what is restored."""
