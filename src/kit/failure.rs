//! The two ways in which something can end badly: refused (the caller can act on it) and internal (the caller can't).

use std::error::Error;
use std::fmt;

/// A failure that the caller can do nothing about. Made by `?` from any error, logged once at the edge, never matched on.
pub struct Internal(Box<dyn Error + Send + Sync + 'static>);

impl Internal {
    /// The innermost knowledge of what went wrong, for the one place that logs it.
    #[must_use]
    pub fn cause(&self) -> &(dyn Error + Send + Sync + 'static) {
        &*self.0
    }

    /// An internal failure that has no error value behind it: a sentence for the log.
    #[must_use]
    pub fn because(sentence: impl Into<String>) -> Self {
        Self(sentence.into().into())
    }
}

impl<E: Error + Send + Sync + 'static> From<E> for Internal {
    fn from(error: E) -> Self {
        Self(Box::new(error))
    }
}

/// Writes the whole chain of causes, outermost first.
impl fmt::Debug for Internal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut next = self.0.source();
        while let Some(cause) = next {
            write!(f, ": {cause}")?;
            next = cause.source();
        }
        Ok(())
    }
}

/// A stored row that cannot be.
#[derive(Debug, thiserror::Error)]
#[error("corrupt row in {table} ({id}): {why}")]
pub struct Corrupt {
    pub table: &'static str,
    pub id: String,
    pub why: String,
}

/// Why a use case ended without doing its work.
#[derive(Debug)]
pub enum Failed<R> {
    /// The caller can do something about it.
    Refused(R),
    /// The caller can't.
    Internal(Internal),
}

impl<R> Failed<R> {
    /// The same refusal, as another use case calls it.
    pub fn map<S>(self, refused: impl FnOnce(R) -> S) -> Failed<S> {
        match self {
            Self::Refused(why) => Failed::Refused(refused(why)),
            Self::Internal(internal) => Failed::Internal(internal),
        }
    }
}

impl<R> From<Internal> for Failed<R> {
    fn from(internal: Internal) -> Self {
        Self::Internal(internal)
    }
}

/// What kind of "no" a refusal is. The edges translate it: the API into a status, the CLI into an exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Because {
    /// The input is malformed.
    Invalid,
    /// The caller is not known.
    Unauthenticated,
    /// The caller is known and may not.
    Forbidden,
    /// There is no such thing.
    NotFound,
    /// It contradicts what is stored.
    Conflict,
    /// It was there and is over.
    Gone,
    /// Somebody else changed it since it was read.
    Stale,
    /// Well-formed, and still not acceptable.
    Unprocessable,
    /// Too often.
    TooMany,
    /// There is more to do just now than can be done soon.
    Busy,
}

/// What is wrong with one field, in words for a person and a code for a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldProblem {
    /// The field's name as the caller wrote it; nested fields with `/`, as in a JSON pointer without its first slash.
    pub field: String,
    pub code: &'static str,
    pub sentence: String,
}

impl FieldProblem {
    pub fn new(field: impl Into<String>, code: &'static str, sentence: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            code,
            sentence: sentence.into(),
        }
    }
}

/// What every use case's `Refused` can tell its edges.
pub trait Refusal: fmt::Debug {
    fn because(&self) -> Because;

    /// Stable, `snake_case`, for programs.
    fn code(&self) -> &'static str;

    /// What happened and what to do next, in English, for the API and the command line.
    /// Hosted pages look up the same code in their catalogues.
    fn sentence(&self) -> String;

    /// When trying again makes sense, where waiting helps.
    fn retry_after_seconds(&self) -> Option<u64> {
        None
    }

    /// The fields to mend, when the refusal is about fields.
    fn fields(&self) -> Vec<FieldProblem> {
        Vec::new()
    }
}
