//! Which passwords are good enough: long, and not among the first that an attacker tries.
//!
//! Says why one is refused; never changes what was typed.

use zxcvbn::Score;
use zxcvbn::feedback::{Feedback, Warning};

/// Shorter ones are guessed however odd they look.
pub const MIN_CHARACTERS: usize = 10;
/// Longer ones make the form slow and nobody safer.
pub const MAX_CHARACTERS: usize = 256;
/// The cost of the estimate grows with the square of the length, and signs that can stand for letters multiply it: 100 of them
/// took more than half a second of a core. What is good at this length stays good with more.
const CHECKED_CHARACTERS: usize = 32;
/// The check compares with each of the owner's words; more than these don't help.
const OWN_WORDS: usize = 20;

/// Letters and digits that must be left of a password without its owner's words.
const MIN_REST: usize = 7;

/// Why a password is refused: a code for programs, a sentence for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WeakPassword {
    pub code: &'static str,
    pub sentence: String,
}

/// Checks a password against its owner's `own_words` (names, addresses, the application) and what people commonly choose.
/// Takes milliseconds: `Hasher::choose` runs it where it holds nobody up.
pub fn check_strength(password: &str, own_words: &[&str]) -> Result<(), WeakPassword> {
    let refuse = |code, sentence| Err(WeakPassword { code, sentence });
    if password.chars().nth(MIN_CHARACTERS - 1).is_none() {
        let sentence = format!(
            "Use at least {MIN_CHARACTERS} characters. Three or four unrelated words are a good start."
        );
        return refuse("password_too_short", sentence);
    }
    if password.chars().nth(MAX_CHARACTERS).is_some() {
        return refuse(
            "password_too_long",
            format!("Use at most {MAX_CHARACTERS} characters."),
        );
    }
    let checked: String = password.chars().take(CHECKED_CHARACTERS).collect();
    let words = pieces(own_words);
    if is_personal(password, &words) {
        let sentence = "This password is made of your name, your address or the like. Choose one that has nothing to do with you.";
        return refuse("password_personal", sentence.to_owned());
    }
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let estimate = zxcvbn::zxcvbn(&checked, &words);
    if estimate.score() >= Score::Three {
        return Ok(());
    }
    refuse(
        "password_too_common",
        reason(estimate.feedback().and_then(Feedback::warning)),
    )
}

/// Whether little is left without the owner's words. The estimate alone takes two of them in a row for a good password.
fn is_personal(password: &str, words: &[String]) -> bool {
    let whole = password.to_lowercase();
    let mut rest = whole.clone();
    for word in words {
        rest = rest.replace(word.as_str(), "");
    }
    rest != whole && rest.chars().filter(|c| c.is_alphanumeric()).count() < MIN_REST
}

/// The words themselves, and the parts that people take out of them: `ann`, `lee` and `harborline` of an address. The longest
/// come first.
fn pieces(own_words: &[&str]) -> Vec<String> {
    let parts = own_words
        .iter()
        .flat_map(|word| word.split(|c: char| !c.is_alphanumeric()));
    let mut pieces: Vec<String> = own_words
        .iter()
        .copied()
        .chain(parts)
        .map(|word| {
            word.chars()
                .take(MAX_CHARACTERS)
                .collect::<String>()
                .to_lowercase()
        })
        .filter(|word| word.chars().nth(2).is_some())
        .collect();
    pieces.sort_by_key(|word| std::cmp::Reverse(word.len()));
    pieces.dedup();
    pieces.truncate(OWN_WORDS);
    pieces
}

fn reason(warning: Option<Warning>) -> String {
    use Warning as W;
    let why = match warning {
        Some(W::StraightRowsOfKeysAreEasyToGuess | W::ShortKeyboardPatternsAreEasyToGuess) => {
            "Neighbouring keys are easy to guess."
        }
        Some(
            W::RepeatsLikeAaaAreEasyToGuess | W::RepeatsLikeAbcAbcAreOnlySlightlyHarderToGuess,
        ) => "Repetitions are easy to guess.",
        Some(W::SequencesLikeAbcAreEasyToGuess) => "Sequences like abc or 6543 are easy to guess.",
        Some(W::RecentYearsAreEasyToGuess | W::DatesAreOftenEasyToGuess) => {
            "Dates are easy to guess."
        }
        Some(
            W::ThisIsATop10Password
            | W::ThisIsATop100Password
            | W::ThisIsACommonPassword
            | W::ThisIsSimilarToACommonlyUsedPassword,
        ) => "Many people use this password, or one like it.",
        Some(
            W::NamesAndSurnamesByThemselvesAreEasyToGuess | W::CommonNamesAndSurnamesAreEasyToGuess,
        ) => "Names are easy to guess.",
        Some(W::AWordByItselfIsEasyToGuess) | None => "This password is easy to guess.",
    };
    format!("{why} Three or four unrelated words make a good password.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(password: &str) -> Option<&'static str> {
        let own = [
            "Grace Hopper",
            "grace.hopper@harborline.example",
            "Expense Desk",
        ];
        check_strength(password, &own).err().map(|weak| weak.code)
    }

    #[test]
    fn good_passwords_are_taken() {
        for password in [
            "plover grommet tarn",
            "grace plover tarn",
            "kV8#qz!Lw2p",
            "пароль семнадцать чаек",
            &"x7 lantern ".repeat(20),
        ] {
            assert_eq!(code(password), None, "{password}");
        }
    }

    #[test]
    fn weak_passwords_are_refused_with_a_reason() {
        for (password, want) in [
            ("", "password_too_short"),
            ("kV8#qz!Lw", "password_too_short"),
            ("password123", "password_too_common"),
            ("aaaaaaaaaaaaaaaa", "password_too_common"),
            ("qwertyuiop", "password_too_common"),
            ("harborline.hopper", "password_personal"),
            ("GraceHopper1", "password_personal"),
            ("ExpenseDesk2026!", "password_personal"),
        ] {
            assert_eq!(code(password), Some(want), "{password}");
        }
    }

    #[test]
    fn ten_megabytes_are_refused_at_once() {
        assert_eq!(code(&"a".repeat(10_000_000)), Some("password_too_long"));
    }

    #[test]
    fn spaces_at_the_ends_count() {
        assert_eq!(code("  kV8#qz! "), None);
    }
}
