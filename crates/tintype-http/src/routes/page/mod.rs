//! Pages: the web app, the plain form's answer, the share page, the delete page.

pub(crate) mod app;
pub(crate) mod delete;
pub(crate) mod docs;
pub(crate) mod folder;
pub(crate) mod new;
pub(crate) mod own;
pub(crate) mod report;
pub(crate) mod share;
