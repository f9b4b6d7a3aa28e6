"""What all endpoints share: errors, limits, paging, owned rows, schema, health."""
