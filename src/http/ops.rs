//! Health and metrics, for operators.

use super::frame::{JSON, Style};
use super::router::Route;

/// What operators can ask.
pub static ROUTES: &[Route] = &[];

/// Headers and problems on this listener.
pub(super) const STYLE: Style = Style {
    name: "ops",
    ..JSON
};
