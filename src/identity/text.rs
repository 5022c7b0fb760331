//! What every text about a person must be: of bounded length, and free of characters that can't be seen.

/// Why a text is refused: a code for programs, a sentence for people.
pub(super) type Refusal = (&'static str, String);

/// Which characters a text may contain beside visible ones and spaces.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Lines {
    One,
    Many,
}

/// Refuses what is too long, and control characters. Characters that turn the direction of text are refused as well: they
/// make a name in a letter read as something else.
pub(super) fn check(text: &str, limit: usize, lines: Lines) -> Result<(), Refusal> {
    if text.chars().nth(limit).is_some() {
        let sentence = format!("This is too long. Use {limit} characters at most.");
        return Err(("too_long", sentence));
    }
    let hidden = |c: char| {
        let line_end = lines == Lines::Many && (c == '\n' || c == '\r');
        !line_end
            && (c.is_control()
                || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}' | '\u{feff}'))
    };
    if text.contains(hidden) {
        let sentence =
            "This contains characters that can't be seen. Type it instead of pasting it.";
        return Err(("hidden_characters", sentence.to_owned()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_is_counted_in_characters() {
        assert!(check("äöü", 3, Lines::One).is_ok());
        assert_eq!(check("äöüß", 3, Lines::One).unwrap_err().0, "too_long");
    }

    #[test]
    fn what_cannot_be_seen_is_refused() {
        for text in ["a\0b", "a\u{7f}", "a\nb", "\u{202e}evil", "a\u{2028}b"] {
            assert!(check(text, 10, Lines::One).is_err(), "{text:?}");
        }
        assert!(check("1 Main Street\nSpringfield", 50, Lines::Many).is_ok());
        assert!(check("a\tb", 50, Lines::Many).is_err());
    }
}
