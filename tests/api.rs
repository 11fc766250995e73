//! The API for apps, called over real TLS.

mod access;
mod create;
mod framework;
mod lifecycle;
mod openapi;
mod uploads;
