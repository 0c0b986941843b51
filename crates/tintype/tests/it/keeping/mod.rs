//! What is stored stays: full disks, kills, restarts, checks, sweeps.

mod check;
mod full;
mod killed;
mod lock;
mod read_only;
mod settings;
mod stop;
mod sweep;
