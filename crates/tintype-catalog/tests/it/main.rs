//! The catalogue on real files.

mod certificates;
mod check;
mod files;
mod groups;
mod history;
mod images;
mod jobs;
mod lists;
mod opening;
mod owners;
mod paths;
mod publishing;
mod purges;
mod support;
mod sweeping;
mod tokens;
mod trash;
