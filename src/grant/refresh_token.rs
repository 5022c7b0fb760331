//! The text of a refresh token: its grant, chance, and a tag that only we can make.
//!
//! The tag tells a token that we gave out once from one that somebody made up: the first, when it is no longer kept, was used
//! before and ends its family; the second is just unknown. So used tokens need not be kept, and nobody ends another's family.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

use super::GrantId;
use crate::keys::Sealer;
use crate::kit::{Moment, Secret, same_secret};

const PURPOSE: &str = "refresh token";
const GRANT: usize = 16;
const CHANCE: usize = 32;
const TAG: usize = 16;

pub(super) fn make(sealer: &Sealer, moment: &Moment, grant: GrantId) -> Secret {
    let chance = moment.bytes::<CHANCE>();
    let mut token = [grant.uuid().as_bytes().as_slice(), &chance].concat();
    token.extend(tag(sealer, &token));
    Secret::new(URL_SAFE_NO_PAD.encode(token))
}

/// The grant of a token that we made; of any other text, nothing.
pub(super) fn grant_of(sealer: &Sealer, token: &Secret) -> Option<GrantId> {
    let bytes = URL_SAFE_NO_PAD.decode(token.reveal()).ok()?;
    if bytes.len() != GRANT + CHANCE + TAG {
        return None;
    }
    let (body, given) = bytes.split_at_checked(GRANT + CHANCE)?;
    let (grant, _) = body.split_first_chunk::<GRANT>()?;
    let ours = same_secret(given, &tag(sealer, body));
    ours.then(|| GrantId::from_uuid(Uuid::from_bytes(*grant)))
}

fn tag(sealer: &Sealer, body: &[u8]) -> Vec<u8> {
    let mut tag = sealer.tag(PURPOSE, body);
    tag.truncate(TAG);
    tag
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::MasterKey;
    use crate::kit::Clock;

    #[test]
    fn only_our_own_tokens_name_a_grant() {
        let sealer =
            |text: &str| Sealer::new(&MasterKey::given(&Secret::new(text)).unwrap()).unwrap();
        let ours = sealer("a master key of more than 32 characters");
        let theirs = sealer("another master key of more than 32 characters");
        let moment = Clock::system().moment();
        let grant = moment.id();
        let token = make(&ours, &moment, grant);
        assert_eq!(grant_of(&ours, &token), Some(grant));
        assert_eq!(grant_of(&theirs, &token), None);
        let mut bytes = URL_SAFE_NO_PAD.decode(token.reveal()).unwrap();
        for at in 0..bytes.len() {
            bytes[at] ^= 1;
            let forged = Secret::new(URL_SAFE_NO_PAD.encode(&bytes));
            assert_eq!(grant_of(&ours, &forged), None, "byte {at}");
            bytes[at] ^= 1;
        }
        for text in ["", "x", "ü", &token.reveal()[1..]] {
            assert_eq!(grant_of(&ours, &Secret::new(text)), None);
        }
    }
}
