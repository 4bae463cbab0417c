//! What must hold of the text of the sources and of the pages.

mod files;

mod formats;
mod rules_links;
