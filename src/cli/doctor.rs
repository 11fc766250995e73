//! `rubrica doctor`

use std::fmt::Write as _;
use std::path::Path;

use clap::Args;
use serde::Serialize;

use super::Ending;
use super::output::{self, Style};
use crate::app::examination::{self, Finding, Verdict};
use crate::config::{self, process};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Answer in JSON, for programs.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Answer {
    verdict: Verdict,
    findings: Vec<Finding>,
}

pub(super) fn run(arguments: &Arguments, file: Option<&Path>) -> anyhow::Result<Ending> {
    let findings = match config::load(file) {
        Ok(loaded) => {
            process::adopt(&loaded.config.hsm.environment)?;
            let mut findings = vec![Finding {
                about: "configuration".to_owned(),
                verdict: Verdict::Fine,
                words: match &loaded.file {
                    Some(path) => format!("{} is in order", path.display()),
                    None => "no file; the environment and the defaults are in order".to_owned(),
                },
                advice: None,
            }];
            findings.extend(loaded.warnings.iter().map(|warning| Finding {
                about: "configuration".to_owned(),
                verdict: Verdict::Warning,
                words: warning.to_string(),
                advice: None,
            }));
            findings.extend(output::working("looking at everything", || {
                examination::examine(&loaded.config)
            }));
            findings
        }
        // Nothing else can be looked at before.
        Err(problems) => problems
            .0
            .iter()
            .map(|problem| Finding {
                about: "configuration".to_owned(),
                verdict: Verdict::Wrong,
                words: problem.to_string(),
                advice: None,
            })
            .collect(),
    };
    let verdict = findings
        .iter()
        .map(|finding| finding.verdict)
        .max()
        .unwrap_or(Verdict::Fine);
    let answer = Answer { verdict, findings };
    output::answer(Style::from_flag(arguments.json), &answer, table)?;
    Ok(match verdict {
        Verdict::Fine | Verdict::Warning => Ending::Well,
        Verdict::Wrong => Ending::Badly,
    })
}

fn table(answer: &Answer) -> String {
    let mut text = String::new();
    for finding in &answer.findings {
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "{:<8} {}: {}",
            finding.verdict.to_string(),
            finding.about,
            finding.words
        );
        if let Some(advice) = &finding.advice {
            let _ = writeln!(text, "         -> {advice}");
        }
    }
    let count = |verdict| {
        let of_it = answer
            .findings
            .iter()
            .filter(|finding| finding.verdict == verdict);
        of_it.count()
    };
    let (wrong, warnings) = (count(Verdict::Wrong), count(Verdict::Warning));
    let _ = match (wrong, warnings) {
        (0, 0) => writeln!(text, "\nAll is well."),
        (0, _) => writeln!(text, "\nIt works, with {warnings} to put right (warning)."),
        _ => writeln!(
            text,
            "\nIt cannot work: {wrong} to put right (wrong), {warnings} more (warning)."
        ),
    };
    text
}
