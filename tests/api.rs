//! The API for apps, called over real TLS.

mod access;
mod create;
mod docs;
mod fetch;
mod framework;
mod lifecycle;
mod matrix;
mod openapi;
mod outcome;
mod shapes;
mod uploads;
