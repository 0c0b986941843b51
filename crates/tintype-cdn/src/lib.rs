//! Telling caches in front of the server what to forget.
