//! What people wrote, made fit for a letter: no control characters, no line where none belongs, no endless names.

use std::borrow::Cow;

/// Longer names are cut: a letter is no place for a novel.
const LONGEST_NAME: usize = 200;
const LONGEST_TEXT: usize = 4000;
const LONGEST_SUBJECT: usize = 160;

/// A field of a letter. Only what people write in several lines keeps them; what a machine made is left as it is.
pub(super) fn field(name: &str, text: &str) -> String {
    match name {
        "message" | "reason" => cut(&printable(text), LONGEST_TEXT).into_owned(),
        "link" | "code" | "code_page" | "details" | "recovery_page" | "expires_at" | "at" => {
            text.to_owned()
        }
        "answer" => cut(&one_line(text), LONGEST_TEXT).into_owned(),
        _ => cut(&one_line(text), LONGEST_NAME).into_owned(),
    }
}

/// A subject stands on one line, whatever the names in it hold.
pub(super) fn subject(text: &str) -> String {
    cut(&one_line(text), LONGEST_SUBJECT).into_owned()
}

/// The other side's words, for a column that people read.
pub(super) fn answer(text: &str) -> String {
    cut(&one_line(text), 500).into_owned()
}

fn one_line(text: &str) -> String {
    let words: Vec<&str> = text
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .collect();
    printable(&words.join(" "))
}

/// Without control characters, and without those that turn the direction of what follows.
fn printable(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    text.chars()
        .filter(|c| *c == '\n' || !c.is_control())
        .filter(|c| !matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'))
        .collect()
}

fn cut(text: &str, longest: usize) -> Cow<'_, str> {
    match text.char_indices().nth(longest) {
        Some((end, _)) => Cow::Owned(format!("{}…", text.get(..end).unwrap_or_default())),
        None => Cow::Borrowed(text),
    }
}

/// `#rrggbb` and nothing else: it goes into a style.
pub(super) fn is_colour(text: &str) -> bool {
    channels(text).is_some()
}

/// White or nearly black, whichever is easier to read on the colour (WCAG 2.2, relative luminance).
pub(super) fn text_on(colour: &str) -> &'static str {
    let linear = |channel: u8| {
        let share = f64::from(channel) / 255.0;
        if share <= 0.04045 {
            share / 12.92
        } else {
            ((share + 0.055) / 1.055).powf(2.4)
        }
    };
    let [red, green, blue] = channels(colour).unwrap_or_default().map(linear);
    let luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    if luminance > 0.3 {
        "#17181d"
    } else {
        "#ffffff"
    }
}

fn channels(colour: &str) -> Option<[u8; 3]> {
    let digits = colour
        .strip_prefix('#')
        .filter(|digits| digits.len() == 6)?;
    if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let [_, red, green, blue] = u32::from_str_radix(digits, 16).ok()?.to_be_bytes();
    Some([red, green, blue])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_on_their_line() {
        assert_eq!(
            field("inviter", "Ada\r\nBcc: eve@evil.example\0"),
            "Ada Bcc: eve@evil.example"
        );
        assert_eq!(subject(" a\u{2028}b\tc\u{85} "), "a b c");
        assert_eq!(field("application", "safe\u{202e}elif"), "safeelif");
        assert_eq!(
            field("message", "one\r\ntwo\rthree\u{7}"),
            "one\ntwo\nthree"
        );
        assert_eq!(
            field("inviter", &"ä".repeat(1_000_000)).chars().count(),
            201
        );
    }

    #[test]
    fn only_colours_are_colours() {
        assert!(is_colour("#3457D5"));
        for text in ["", "#fff", "3457d5", "#3457d5;", "#+457d5", "red", "#ääa"] {
            assert!(!is_colour(text), "{text}");
        }
        assert_eq!(
            (text_on("#3457d5"), text_on("#ffe08a")),
            ("#ffffff", "#17181d")
        );
    }
}
