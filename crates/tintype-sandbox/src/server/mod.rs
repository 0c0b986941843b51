//! The server's side: starts the spawner, keeps spare workers, hands out jobs, believes no reply.

mod connection;
mod exchange;
mod health;
mod job;
mod launch;
mod memory;
mod pool;
mod sandbox;
mod self_test;
mod supervise;
mod worker;

pub use launch::{Spawner, launch, launch_program};
pub use sandbox::Sandbox;
