//! The citizens' pages.

use super::frame::{JSON, Style};
use super::router::Route;

/// What citizens can open.
pub static ROUTES: &[Route] = &[];

/// Headers and problems on this listener.
pub(super) const STYLE: Style = Style {
    name: "citizen",
    ..JSON
};
