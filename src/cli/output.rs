//! What a command says: results on standard output, problems on standard error, both for people or for programs.

use std::fmt::{self, Write as _};
use std::process::ExitCode;

use serde::Serialize;
use serde_json::json;

use crate::config::Problems;
use crate::kit::{Failed, FieldProblem, Internal, Refusal};

/// A column of a table: its title, and what stands in it.
pub(super) type Column<T> = (&'static str, fn(&T) -> String);

/// How results are printed.
#[derive(Debug, Clone, Copy)]
pub(super) enum Output {
    People,
    Programs,
}

/// Why a command ended without doing its work.
#[derive(Debug)]
pub(super) struct Failure {
    code: &'static str,
    sentence: String,
    fields: Vec<FieldProblem>,
}

impl Failure {
    pub(super) fn new(code: &'static str, sentence: impl Into<String>) -> Self {
        Self {
            code,
            sentence: sentence.into(),
            fields: Vec::new(),
        }
    }
}

impl<R: Refusal> From<Failed<R>> for Failure {
    fn from(failed: Failed<R>) -> Self {
        match failed {
            Failed::Refused(refused) => Self {
                code: refused.code(),
                sentence: refused.sentence(),
                fields: refused.fields(),
            },
            Failed::Internal(internal) => internal.into(),
        }
    }
}

/// The operator sits in front of it: the whole chain of causes is shown.
impl From<Internal> for Failure {
    fn from(internal: Internal) -> Self {
        Self::new("internal", format!("{internal:?}"))
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::new("io", error.to_string())
    }
}

impl From<Problems> for Failure {
    fn from(problems: Problems) -> Self {
        Self::new("bad_settings", problems.to_string())
    }
}

/// Wrong fields of an input that no use case has seen yet.
impl From<Vec<FieldProblem>> for Failure {
    fn from(fields: Vec<FieldProblem>) -> Self {
        Self {
            code: "invalid_fields",
            sentence: "Some values can't be used.".to_owned(),
            fields,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)?;
        for problem in &self.fields {
            write!(f, "\n  {}: {}", problem.field, problem.sentence)?;
        }
        Ok(())
    }
}

impl Output {
    pub(super) const fn new(json: bool) -> Self {
        if json { Self::Programs } else { Self::People }
    }

    /// Prints one result. `text` is for people, with a line end at its end or not.
    pub(super) fn result(self, value: &impl Serialize, text: &str) -> Result<(), Failure> {
        use std::io::Write as _;
        let mut out = std::io::stdout().lock();
        match self {
            Self::People => writeln!(out, "{}", text.trim_end())?,
            Self::Programs => {
                let line = serde_json::to_string(value).map_err(Internal::from)?;
                writeln!(out, "{line}")?;
            }
        }
        Ok(())
    }

    /// Prints one thing with all its members.
    pub(super) fn show(self, value: &impl Serialize) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(value).map_err(Internal::from)?;
        self.result(value, &text)
    }

    /// Prints a list: one line of JSON per item, or a table.
    pub(super) fn list<T: Serialize>(
        self,
        items: &[T],
        columns: &[Column<T>],
    ) -> Result<(), Failure> {
        match self {
            Self::People => self.result(&(), &table(items, columns)),
            Self::Programs => items.iter().try_for_each(|item| self.result(item, "")),
        }
    }

    pub(super) fn failed(self, failure: &Failure) -> ExitCode {
        use std::io::Write as _;
        let errors: Vec<_> = failure
            .fields
            .iter()
            .map(
                |field| json!({"field": field.field, "code": field.code, "detail": field.sentence}),
            )
            .collect();
        let line = match self {
            Self::People => failure.to_string(),
            Self::Programs => {
                json!({"code": failure.code, "detail": failure.sentence, "errors": errors})
                    .to_string()
            }
        };
        drop(writeln!(std::io::stderr(), "{line}")); // nobody is left to tell if this fails
        ExitCode::FAILURE
    }
}

/// Columns as wide as their widest cell, two spaces between.
fn table<T>(items: &[T], columns: &[Column<T>]) -> String {
    if items.is_empty() {
        return "Nothing yet.".to_owned();
    }
    let mut rows = vec![
        columns
            .iter()
            .map(|(title, _)| (*title).to_owned())
            .collect::<Vec<_>>(),
    ];
    rows.extend(
        items
            .iter()
            .map(|item| columns.iter().map(|(_, cell)| cell(item)).collect()),
    );
    let width = |at: usize| {
        rows.iter()
            .filter_map(|row| row.get(at))
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns.len()).map(width).collect();
    let mut text = String::new();
    for row in &rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            let _ = write!(line, "{cell:width$}  ");
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_as_wide_as_its_cells() {
        let columns: &[Column<(String, u8)>] = &[
            ("name", |item| item.0.clone()),
            ("n", |item| item.1.to_string()),
        ];
        let items = [("Grüße".to_owned(), 1), ("a".to_owned(), 12)];
        assert_eq!(table(&items, columns), "name   n\nGrüße  1\na      12\n");
        assert_eq!(table::<(String, u8)>(&[], columns), "Nothing yet.");
    }
}
