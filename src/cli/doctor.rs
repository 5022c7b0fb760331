//! `usher doctor`: looks at everything that an installation needs, and says what to do about what is missing.
//!
//! Changes nothing that a start of the server would not change too.

mod checks;

use std::process::ExitCode;

use serde::Serialize;

use super::Globals;
use super::output::Output;

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Verdict {
    Good,
    /// It works; think about it.
    Mind,
    /// It does not work.
    Bad,
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
struct Finding {
    about: &'static str,
    verdict: Verdict,
    found: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<String>,
}

impl Finding {
    fn good(about: &'static str, found: impl Into<String>) -> Self {
        Self {
            about,
            verdict: Verdict::Good,
            found: found.into(),
            advice: None,
        }
    }

    fn mind(about: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self {
            about,
            verdict: Verdict::Mind,
            found: found.into(),
            advice: Some(advice.into()),
        }
    }

    fn bad(about: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self {
            about,
            verdict: Verdict::Bad,
            found: found.into(),
            advice: Some(advice.into()),
        }
    }
}

pub(super) async fn run(globals: &Globals, output: Output) -> ExitCode {
    let findings = checks::all(globals).await;
    let text: Vec<String> = findings.iter().map(line).collect();
    if let Err(failure) = output.result(&findings, &text.join("\n")) {
        return output.failed(&failure);
    }
    let bad = findings
        .iter()
        .any(|finding| finding.verdict == Verdict::Bad);
    if bad {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}

fn line(finding: &Finding) -> String {
    let mark = match finding.verdict {
        Verdict::Good => "ok  ",
        Verdict::Mind => "mind",
        Verdict::Bad => "BAD ",
    };
    let advice = finding
        .advice
        .as_ref()
        .map_or_else(String::new, |advice| format!("\n      {advice}"));
    format!("{mark}  {}: {}{advice}", finding.about, finding.found)
}
