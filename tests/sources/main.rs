//! What must hold of the text of the sources and of the pages.

mod files;

mod formats;
mod page_links;
mod repetitions;
mod rules_links;
