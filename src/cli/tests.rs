//! The command line as people read it.

use super::*;
use clap::CommandFactory;

#[test]
fn the_help_of_every_command_is_as_documented() {
    let mut root = Arguments::command().term_width(100);
    root.build();
    let mut text = String::new();
    describe(&mut root, &mut text);
    insta::assert_snapshot!("help", text);
}

fn describe(command: &mut clap::Command, text: &mut String) {
    if command.get_name() == "help" {
        return;
    }
    text.push_str(&command.render_long_help().to_string());
    text.push_str("\n----\n");
    for inner in command.get_subcommands_mut() {
        describe(inner, text);
    }
}
