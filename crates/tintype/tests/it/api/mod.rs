//! The API as a whole: what it says of itself, and how it refuses what no route takes.

mod docs;
mod refusals;
