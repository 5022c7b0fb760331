//! The short code in the letter: the way in on another device (R128).

use uuid::Uuid;

use super::store;
use super::{Invitation, Status};
use crate::db::Tx;
use crate::keys::Sealer;
use crate::kit::{EmailAddress, Internal, Moment, Secret, same_secret};

/// No 0/O, 1/I/L, U/V: people type this from another screen.
const ALPHABET: &[u8; 28] = b"23456789ABCDEFGHJKMNPQRSTWXY";
const LENGTH: usize = 8;
/// After so many wrong codes for an invitation its code is dead; the link and a resend still work.
const MOST_FAILURES: i64 = 10;

/// 28^8, about 38 bits: enough beside the limit on failures.
pub(super) fn make(moment: &Moment) -> Secret {
    let mut text = String::with_capacity(LENGTH + 1);
    // Bytes from 252 on would make the first letters likelier.
    while text.len() < LENGTH {
        for byte in moment.bytes::<16>() {
            let letter = ALPHABET.get(usize::from(byte % 28)).filter(|_| byte < 252);
            if let Some(letter) = letter.filter(|_| text.len() < LENGTH) {
                text.push(char::from(*letter));
            }
        }
    }
    text.insert(LENGTH / 2, '-');
    Secret::new(text)
}

pub(super) fn digest(sealer: &Sealer, subject: Uuid, code: &str) -> Vec<u8> {
    let plain: String = code.chars().filter(char::is_ascii_alphanumeric).collect();
    sealer.short_code_digest(
        "invitation-code",
        subject.as_bytes(),
        &plain.to_ascii_uppercase(),
    )
}

/// The pending invitation that address and code belong to. A wrong code counts against every pending invitation of the
/// address, and the answer is the same whether the address is known or not.
pub async fn redeem(
    tx: &mut Tx,
    sealer: &Sealer,
    moment: &Moment,
    email: &EmailAddress,
    code: &str,
) -> Result<Option<Invitation>, Internal> {
    let pending = store::pending_for(tx, email.key()).await?;
    for (id, code_hash, failures) in &pending {
        let right = same_secret(&digest(sealer, id.uuid(), code), code_hash);
        if right && *failures < MOST_FAILURES {
            let found = store::find(tx, *id, moment.now).await?;
            return Ok(found.filter(|found| found.stage.status() == Status::Pending));
        }
    }
    for (id, _, _) in pending {
        store::count_code_failure(tx, id).await?;
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kit::Clock;

    #[test]
    fn r128_codes_are_eight_letters_that_nobody_confuses() {
        for _ in 0..200 {
            let code = make(&Clock::system().moment());
            let (left, right) = code.reveal().split_once('-').unwrap();
            assert_eq!((left.len(), right.len()), (4, 4));
            assert!(
                format!("{left}{right}")
                    .bytes()
                    .all(|byte| ALPHABET.contains(&byte))
            );
        }
    }
}
