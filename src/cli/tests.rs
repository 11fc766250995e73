//! The command line as people read it.

use std::collections::BTreeSet;

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

#[test]
fn the_readme_names_every_command_and_no_other() {
    let mut root = Arguments::command();
    root.build();
    let mut commands = BTreeSet::new();
    name("", &root, &mut commands);
    assert!(commands.len() > 20, "{commands:?}");
    assert_eq!(of_readme(), commands);
}

/// The paths of all commands that do something themselves, such as `app add`.
fn name(path: &str, command: &clap::Command, names: &mut BTreeSet<String>) {
    for inner in command.get_subcommands() {
        let path = format!("{path} {}", inner.get_name()).trim().to_owned();
        if inner.get_name() == "help" {
        } else if inner.has_subcommands() {
            name(&path, inner, names);
        } else {
            names.insert(path);
        }
    }
}

/// The first column of the table: `app add`, `list` stands for two commands of `app`.
fn of_readme() -> BTreeSet<String> {
    let readme = include_str!("../../README.md");
    let rows = readme.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.flat_map(|row| {
        let (column, _) = row.split_once(" |").unwrap();
        let mut group = "";
        column
            .split("`, `")
            .map(|cell| {
                let cell = cell.trim_end_matches('`');
                match cell.split_once(' ') {
                    Some((first, _)) => {
                        group = first;
                        cell.to_owned()
                    }
                    None => format!("{group} {cell}").trim().to_owned(),
                }
            })
            .collect::<Vec<_>>()
    })
    .collect()
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
