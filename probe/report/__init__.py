"""What people read: sentences, tables and the one JSON document. Judges nothing."""
