//! Typed ids: a UUID v7 inside, `inv_01j…` outside.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

/// What an id is the id of.
pub trait Kind: 'static {
    /// Three letters that stand before the underscore.
    const PREFIX: &'static str;
}

/// The kinds of things that have ids.
pub mod kinds {
    macro_rules! kinds {
        ($($name:ident $prefix:literal),+ $(,)?) => { $(
            #[derive(Debug, Clone, Copy)]
            pub enum $name {}
            impl super::Kind for $name { const PREFIX: &'static str = $prefix; }
        )+ };
    }
    kinds! {
        Application "app", Client "cli", Store "ist", Identity "idn", Group "grp", Invitation "inv", Session "ses",
        Grant "gnt", Letter "let", Event "evt", SigningKey "key", Webhook "whk", Delivery "dlv", Request "req",
        Connection "con", ExternalSignIn "xsi", LogoutNotice "lon",
    }
}

/// An id of one kind. Sorts by the time of its making.
pub struct Id<K> {
    uuid: Uuid,
    kind: PhantomData<fn() -> K>,
}

impl<K> Id<K> {
    #[must_use]
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self {
            uuid,
            kind: PhantomData,
        }
    }

    #[must_use]
    pub const fn uuid(self) -> Uuid {
        self.uuid
    }
}

impl<K> Clone for Id<K> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<K> Copy for Id<K> {}
impl<K> PartialEq for Id<K> {
    fn eq(&self, other: &Self) -> bool {
        self.uuid == other.uuid
    }
}
impl<K> Eq for Id<K> {}
impl<K> PartialOrd for Id<K> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl<K> Ord for Id<K> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.uuid.cmp(&other.uuid)
    }
}
impl<K> Hash for Id<K> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.uuid.hash(state);
    }
}

/// Crockford's alphabet in lower case: no i, l, o, u.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const DIGITS: usize = 26;

impl<K: Kind> fmt::Display for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write as _;
        f.write_str(K::PREFIX)?;
        f.write_char('_')?;
        let number = self.uuid.as_u128();
        for place in (0..DIGITS).rev() {
            let digit = (number >> (place * 5)) & 31;
            let letter = usize::try_from(digit)
                .ok()
                .and_then(|at| ALPHABET.get(at))
                .copied();
            f.write_char(char::from(letter.unwrap_or(b'0')))?;
        }
        Ok(())
    }
}

impl<K: Kind> fmt::Debug for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text is no id of the wanted kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an id: expected “{0}_” and 26 letters or digits")]
pub struct NotAnId(&'static str);

impl<K: Kind> FromStr for Id<K> {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        let no = NotAnId(K::PREFIX);
        let digits = text
            .strip_prefix(K::PREFIX)
            .and_then(|rest| rest.strip_prefix('_'))
            .ok_or(no)?;
        if digits.len() != DIGITS {
            return Err(no);
        }
        let mut number: u128 = 0;
        for (place, byte) in digits.bytes().enumerate() {
            let digit = ALPHABET
                .iter()
                .position(|letter| *letter == byte)
                .ok_or(no)?;
            if place == 0 && digit > 7 {
                return Err(no); // 26 digits hold 130 bits, a UUID has 128
            }
            number = number << 5 | u128::try_from(digit).map_err(|_| no)?;
        }
        Ok(Self::from_uuid(Uuid::from_u128(number)))
    }
}

impl<K: Kind> Serialize for Id<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de, K: Kind> Deserialize<'de> for Id<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl<DB: sqlx::Database, K> sqlx::Type<DB> for Id<K>
where
    Uuid: sqlx::Type<DB>,
{
    fn type_info() -> DB::TypeInfo {
        Uuid::type_info()
    }
    fn compatible(ty: &DB::TypeInfo) -> bool {
        Uuid::compatible(ty)
    }
}

impl<'q, DB: sqlx::Database, K> sqlx::Encode<'q, DB> for Id<K>
where
    Uuid: sqlx::Encode<'q, DB>,
{
    fn encode_by_ref(
        &self,
        buffer: &mut DB::ArgumentBuffer,
    ) -> Result<sqlx::encode::IsNull, sqlx::error::BoxDynError> {
        self.uuid.encode_by_ref(buffer)
    }
}

impl<'r, DB: sqlx::Database, K> sqlx::Decode<'r, DB> for Id<K>
where
    Uuid: sqlx::Decode<'r, DB>,
{
    fn decode(value: DB::ValueRef<'r>) -> Result<Self, sqlx::error::BoxDynError> {
        Uuid::decode(value).map(Self::from_uuid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type InvitationId = Id<kinds::Invitation>;

    proptest! {
        #[test]
        fn every_id_reads_back_as_itself(number: u128) {
            let id = InvitationId::from_uuid(Uuid::from_u128(number));
            prop_assert_eq!(id.to_string().parse::<InvitationId>(), Ok(id));
        }

        #[test]
        fn any_text_is_refused_or_reads_back_as_the_same_text(text in ".{0,40}") {
            if let Ok(id) = text.parse::<InvitationId>() {
                prop_assert_eq!(id.to_string(), text);
            }
        }
    }

    #[test]
    fn an_id_of_another_kind_is_refused() {
        let id = Id::<kinds::Group>::from_uuid(Uuid::from_u128(7));
        assert!(id.to_string().parse::<InvitationId>().is_err());
        assert!(
            "inv_zzzzzzzzzzzzzzzzzzzzzzzzzz"
                .parse::<InvitationId>()
                .is_err()
        );
    }
}
