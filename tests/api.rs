//! The API for apps, called over real TLS.

mod access;
mod framework;
