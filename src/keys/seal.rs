//! What only the master key opens: AES-256-GCM with the purpose as associated data, and digests of short codes.
//!
//! Doesn't know what it seals; the database's `_sealed` columns are filled by their nouns.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::{hkdf, hmac};

use crate::config::MasterKeySource;
use crate::kit::{Internal, Moment, Secret};

/// Shorter ones can't hold 128 bits of chance.
const SHORTEST: usize = 32;
/// The first byte of everything sealed, so that another scheme can follow one day.
const SCHEME: u8 = 1;

/// The text all other keys are derived from.
pub struct MasterKey(Secret);

impl MasterKey {
    /// Reads the key from where the configuration says. A missing file is made: first run.
    pub fn load(source: &MasterKeySource, moment: &Moment) -> Result<Self, Internal> {
        match source {
            MasterKeySource::Given(text) => Self::given(text),
            MasterKeySource::File(path) => Self::from_file(path, moment),
        }
    }

    /// Any text of 32 characters or more; `openssl rand -base64 32` makes a good one.
    pub fn given(text: &Secret) -> Result<Self, Internal> {
        let text = text.reveal().trim();
        if text.len() < SHORTEST {
            let sentence = format!("The master key is shorter than {SHORTEST} characters.");
            return Err(Internal::because(sentence));
        }
        Ok(Self(Secret::new(text)))
    }

    /// The key in a file, made with mode 0600 if there is none.
    pub fn from_file(path: &Path, moment: &Moment) -> Result<Self, Internal> {
        if !path.try_exists()? && make_file(path, moment)? {
            tracing::warn!(
                path = %path.display(),
                "A new master key was made. Keep a copy in a safe place: without it the signing keys and the stored \
                 secrets of this installation can't be read."
            );
        }
        warn_if_others_can_read(path)?;
        let text = Secret::new(fs::read_to_string(path).map_err(|error| {
            Internal::because(format!(
                "The master key {} can't be read: {error}",
                path.display()
            ))
        })?);
        Self::given(&text)
    }
}

/// Whether this process made the file: of two that start at once only one does. The file appears whole or not at all.
fn make_file(path: &Path, moment: &Moment) -> io::Result<bool> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let beside = path.with_extension(format!("new-{}", moment.uuid()));
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&beside)?;
    writeln!(file, "{}", moment.token().reveal())?;
    file.sync_all()?;
    let made = fs::hard_link(&beside, path); // never replaces what is there
    fs::remove_file(&beside)?;
    match made {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    }
}

fn warn_if_others_can_read(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(path)?.permissions());
        if mode & 0o077 != 0 {
            tracing::warn!(path = %path.display(), mode = %format!("{:o}", mode & 0o777),
                "Other users of this machine can read the master key. Set its mode to 0600.");
        }
    }
    Ok(())
}

/// Seals and opens. Cheap to clone.
#[derive(Clone)]
pub struct Sealer(Arc<Keys>);

struct Keys {
    sealing: LessSafeKey,
    codes: hmac::Key,
}

struct ThirtyTwo;
impl hkdf::KeyType for ThirtyTwo {
    fn len(&self) -> usize {
        32
    }
}

impl Sealer {
    /// Derives a key per use, so that none is used for two things (RFC 5869).
    pub fn new(master: &MasterKey) -> Result<Self, Internal> {
        let salt = hkdf::Salt::new(hkdf::HKDF_SHA256, b"usher");
        let root = salt.extract(master.0.reveal().as_bytes());
        let derive = |usage: &[u8]| {
            let mut key = zeroize::Zeroizing::new([0; 32]);
            root.expand(&[usage], ThirtyTwo)?.fill(key.as_mut())?;
            Ok::<_, Internal>(key)
        };
        let sealing = UnboundKey::new(&AES_256_GCM, derive(b"sealing")?.as_ref())?;
        let keys = Keys {
            sealing: LessSafeKey::new(sealing),
            codes: hmac::Key::new(hmac::HMAC_SHA256, derive(b"short codes")?.as_ref()),
        };
        Ok(Self(Arc::new(keys)))
    }

    /// Encrypts; only the same purpose opens it again.
    pub fn seal(
        &self,
        purpose: &'static str,
        plain: &[u8],
        moment: &Moment,
    ) -> Result<Vec<u8>, Internal> {
        let nonce = moment.bytes::<NONCE_LEN>();
        let mut body = plain.to_vec();
        let whole = Aad::from(purpose.as_bytes());
        let unique = Nonce::assume_unique_for_key(nonce);
        self.0
            .sealing
            .seal_in_place_append_tag(unique, whole, &mut body)?;
        let mut sealed = Vec::with_capacity(1 + NONCE_LEN + body.len());
        sealed.push(SCHEME);
        sealed.extend_from_slice(&nonce);
        sealed.append(&mut body);
        Ok(sealed)
    }

    /// Decrypts what was sealed for the purpose; anything else is an error.
    pub fn open(&self, purpose: &'static str, sealed: &[u8]) -> Result<Vec<u8>, Internal> {
        let cannot = || Internal::because(format!("{purpose}: this master key doesn't open it"));
        let Some((&SCHEME, rest)) = sealed.split_first() else {
            return Err(cannot());
        };
        let (nonce, body) = rest.split_first_chunk::<NONCE_LEN>().ok_or_else(cannot)?;
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let mut body = body.to_vec();
        let whole = Aad::from(purpose.as_bytes());
        let opened = self.0.sealing.open_in_place(nonce, whole, &mut body);
        let length = opened.map_err(|_| cannot())?.len();
        body.truncate(length);
        Ok(body)
    }

    /// The digest of a code that is short enough to be typed, hence also to be guessed by whoever reads a plain digest.
    #[must_use]
    pub fn short_code_digest(&self, purpose: &'static str, about: &[u8], code: &str) -> Vec<u8> {
        self.authenticate(&[purpose.as_bytes(), about, code.as_bytes()])
    }

    /// What shows later that we made these bytes, for this purpose.
    #[must_use]
    pub fn tag(&self, purpose: &'static str, bytes: &[u8]) -> Vec<u8> {
        self.authenticate(&[purpose.as_bytes(), bytes])
    }

    /// HMAC-SHA-256 over parts that can't run into each other.
    fn authenticate(&self, parts: &[&[u8]]) -> Vec<u8> {
        let mut context = hmac::Context::with_key(&self.0.codes);
        for part in parts {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        context.sign().as_ref().to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kit::Clock;

    fn sealer(text: &str) -> Sealer {
        Sealer::new(&MasterKey::given(&Secret::new(text)).unwrap()).unwrap()
    }

    #[test]
    fn only_the_same_key_and_purpose_open() {
        let moment = Clock::system().moment();
        let ours = sealer("a master key of more than 32 characters");
        let mut sealed = ours.seal("letter", b"secret", &moment).unwrap();
        assert_eq!(ours.open("letter", &sealed).unwrap(), b"secret");
        assert!(ours.open("webhook", &sealed).is_err());
        let other = sealer("another master key of more than 32 characters");
        assert!(other.open("letter", &sealed).is_err());
        for at in 0..sealed.len() {
            sealed[at] ^= 1;
            assert!(ours.open("letter", &sealed).is_err(), "byte {at}");
            sealed[at] ^= 1;
        }
        for length in 0..sealed.len() {
            assert!(ours.open("letter", &sealed[..length]).is_err());
        }
    }

    #[test]
    fn a_short_code_depends_on_all_its_parts() {
        let ours = sealer("a master key of more than 32 characters");
        let one = ours.short_code_digest("invitation", b"1", "ABCD");
        assert_eq!(one, ours.short_code_digest("invitation", b"1", "ABCD"));
        assert_ne!(one, ours.short_code_digest("invitation", b"1A", "BCD"));
        assert_ne!(one, ours.short_code_digest("address", b"1", "ABCD"));
    }

    #[test]
    fn the_file_is_made_once_and_for_its_owner_alone() {
        let moment = Clock::system().moment();
        let folder = std::env::temp_dir().join(format!("usher-{}", moment.uuid()));
        let path = folder.join("deeper").join("master.key");
        let made = MasterKey::from_file(&path, &moment).unwrap();
        let read = MasterKey::from_file(&path, &moment).unwrap();
        assert_eq!(made.0.reveal(), read.0.reveal());
        assert!(!make_file(&path, &moment).unwrap());
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
        #[cfg(unix)]
        {
            let permissions = fs::metadata(&path).unwrap().permissions();
            let mode_bits = std::os::unix::fs::PermissionsExt::mode(&permissions);
            assert_eq!(mode_bits & 0o777, 0o600);
        }
        fs::remove_dir_all(folder).unwrap();
        assert!(MasterKey::given(&Secret::new("short")).is_err());
    }
}
