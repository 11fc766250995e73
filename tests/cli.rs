//! The command line, as people and programs use it: the real binary, a real token, real databases and TLS.

mod blocks;
mod commands;
mod credential;
mod demo;
mod doctor;
mod keks;
mod killed;
mod load;
mod many;
mod markdown;
mod reader;
mod readme;
mod serve;
mod setup;
mod signals;
