"""Where files are kept: pictures, and archives that wait to be fetched. A folder, or a bucket."""
