//! The API for apps, called over real TLS.

mod access;
mod create;
mod docs;
mod framework;
mod lifecycle;
mod matrix;
mod openapi;
mod shapes;
mod uploads;
