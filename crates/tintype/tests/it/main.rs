//! Tests of the running program, over HTTP. The tree mirrors the routes.

