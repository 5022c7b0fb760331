//! Argon2id in a bounded pool: as many hashes at once as there are cores, on reused memory, off the async threads.
//!
//! A burst of sign-ins waits here in a short line, or is asked to come back; token requests never notice it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash as Phc, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use tokio::sync::Semaphore;

use super::{Busy, NotTaken, PasswordHash, check_strength};
use crate::kit::{Failed, Internal, Moment, Secret, same_secret};

/// OWASP's choice for Argon2id: 19 MiB, two passes, one lane. Written down here so that an update of the library that changes
/// its mind is noticed.
const _: () = {
    let params = Params::DEFAULT;
    assert!(params.m_cost() == 19_456 && params.t_cost() == 2 && params.p_cost() == 1);
};
/// How many may wait per worker: about half a second of work.
const LINE_PER_WORKER: usize = 32;
/// Nobody has a longer password (four bytes a character); what is longer is wrong, at the usual cost.
const MAX_BYTES: usize = 4 * super::MAX_CHARACTERS;
const OUTPUT: usize = Params::DEFAULT_OUTPUT_LEN;

/// The pool. Cheap to clone.
#[derive(Clone)]
pub struct Hasher(Arc<Pool>);

impl Default for Hasher {
    fn default() -> Self {
        Self::new()
    }
}

struct Pool {
    argon2: Argon2<'static>,
    workers: Arc<Semaphore>,
    /// Who holds a worker or waits for one.
    present: AtomicUsize,
    limit: usize,
    memory: Mutex<Vec<Vec<Block>>>,
}

/// What came out of comparing a password with a hash.
#[derive(Debug)]
pub enum Verdict {
    Right,
    /// Right, and the hash has old parameters: this one replaces it.
    RightRenewed(PasswordHash),
    Wrong,
}

impl Hasher {
    /// As many hashes at once as there are cores: more would only wait for each other.
    #[must_use]
    pub fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self::with(Params::DEFAULT, cores)
    }

    /// Hashes that cost next to nothing, for tests that are not about hashing.
    #[doc(hidden)]
    #[must_use]
    pub fn cheap() -> Self {
        let least = Params::new(
            Params::MIN_M_COST,
            Params::MIN_T_COST,
            Params::MIN_P_COST,
            None,
        );
        Self::with(least.unwrap_or(Params::DEFAULT), 4)
    }

    fn with(params: Params, workers: usize) -> Self {
        Self(Arc::new(Pool {
            argon2: Argon2::new(Algorithm::Argon2id, Version::V0x13, params),
            workers: Arc::new(Semaphore::new(workers)),
            present: AtomicUsize::new(0),
            limit: workers * (1 + LINE_PER_WORKER),
            memory: Mutex::new(Vec::new()),
        }))
    }

    /// Takes every place in the line until it is dropped: for tests of what happens then.
    #[doc(hidden)]
    #[must_use]
    pub fn fill(&self) -> impl Sized + use<> {
        std::iter::from_fn(|| Place::take(&self.0)).collect::<Vec<_>>()
    }

    /// Hashes a password that needs no check.
    pub async fn hash(
        &self,
        password: &Secret,
        moment: &Moment,
    ) -> Result<PasswordHash, Failed<Busy>> {
        let (password, salt) = (password.clone(), moment.bytes::<16>());
        self.run(move |pool| pool.hash(password.reveal(), &salt))
            .await
    }

    /// Checks a password that somebody chose against the owner's `own_words`, and hashes it.
    pub async fn choose(
        &self,
        password: &Secret,
        own_words: Vec<String>,
        moment: &Moment,
    ) -> Result<PasswordHash, Failed<NotTaken>> {
        let (password, salt) = (password.clone(), moment.bytes::<16>());
        let work = move |pool: &Pool| {
            let words: Vec<&str> = own_words.iter().map(String::as_str).collect();
            match check_strength(password.reveal(), &words) {
                Ok(()) => pool.hash(password.reveal(), &salt).map(Ok),
                Err(weak) => Ok(Err(weak)),
            }
        };
        match self.run(work).await {
            Ok(Ok(hash)) => Ok(hash),
            Ok(Err(weak)) => Err(Failed::Refused(NotTaken::Weak(weak))),
            Err(Failed::Refused(busy)) => Err(Failed::Refused(NotTaken::Busy(busy))),
            Err(Failed::Internal(internal)) => Err(Failed::Internal(internal)),
        }
    }

    /// Compares a password with a hash. Where there is none (nobody has this name, or no password), it costs the same and the
    /// answer is `Wrong`.
    pub async fn verify(
        &self,
        password: &Secret,
        against: Option<&PasswordHash>,
        moment: &Moment,
    ) -> Result<Verdict, Failed<Busy>> {
        let (password, against, salt) = (password.clone(), against.cloned(), moment.bytes::<16>());
        self.run(move |pool| pool.verify(password.reveal(), against.as_ref(), &salt))
            .await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Pool) -> Result<T, Internal> + Send + 'static,
    ) -> Result<T, Failed<Busy>> {
        let place = Place::take(&self.0).ok_or(Failed::Refused(Busy))?;
        let worker = Arc::clone(&self.0.workers)
            .acquire_owned()
            .await
            .map_err(Internal::from)?;
        // Both go with the work: a caller that leaves doesn't make room before the hash is done.
        let done = tokio::task::spawn_blocking(move || {
            let result = work(&place.0);
            drop((worker, place));
            result
        });
        Ok(done.await.map_err(Internal::from)??)
    }
}

/// A place in the line, given back when dropped.
struct Place(Arc<Pool>);

impl Place {
    fn take(pool: &Arc<Pool>) -> Option<Self> {
        let place = Self(Arc::clone(pool));
        let before = pool.present.fetch_add(1, Ordering::AcqRel);
        (before < pool.limit).then_some(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.present.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Pool {
    fn hash(&self, password: &str, salt: &[u8]) -> Result<PasswordHash, Internal> {
        let output = self.raw(&self.argon2, password, salt)?;
        let phc = Phc {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::V0x13.into()),
            params: ParamsString::try_from(self.argon2.params()).map_err(odd)?,
            salt: Some(Salt::new(salt).map_err(odd)?),
            hash: Some(Output::new(&output).map_err(odd)?),
        };
        Ok(PasswordHash(phc.to_string()))
    }

    fn verify(
        &self,
        password: &str,
        against: Option<&PasswordHash>,
        salt: &[u8],
    ) -> Result<Verdict, Internal> {
        let fits = password.len() <= MAX_BYTES;
        let Some(against) = against.filter(|_| fits) else {
            self.raw(&self.argon2, if fits { password } else { "" }, salt)?;
            return Ok(Verdict::Wrong);
        };
        let known = Phc::new(&against.0).map_err(odd)?;
        let params = Params::try_from(&known).map_err(odd)?;
        let (Some(known_salt), Some(known_output)) = (known.salt, known.hash) else {
            return Err(Internal::because(
                "a stored password hash has no salt or no output",
            ));
        };
        let now = self.argon2.params();
        let cost = |params: &Params| (params.m_cost(), params.t_cost(), params.p_cost());
        let same_params = cost(&params) == cost(now);
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let output = self.raw(&argon2, password, known_salt.as_ref())?;
        if !same_secret(&output, known_output.as_bytes()) {
            return Ok(Verdict::Wrong);
        }
        if same_params {
            return Ok(Verdict::Right);
        }
        Ok(Verdict::RightRenewed(self.hash(password, salt)?))
    }

    /// The hash itself, on memory that an earlier one has used: fresh pages would cost half as much again.
    fn raw(
        &self,
        argon2: &Argon2<'_>,
        password: &str,
        salt: &[u8],
    ) -> Result<[u8; OUTPUT], Internal> {
        let mut memory = self.memory().pop().unwrap_or_default();
        let blocks = argon2.params().block_count();
        if memory.len() < blocks {
            memory.resize(blocks, Block::default());
        }
        let mut output = [0; OUTPUT];
        let done = argon2.hash_password_into_with_memory(
            password.as_bytes(),
            salt,
            &mut output,
            &mut *memory,
        );
        self.memory().push(memory);
        done.map_err(odd)?;
        Ok(output)
    }

    fn memory(&self) -> std::sync::MutexGuard<'_, Vec<Vec<Block>>> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn odd(error: impl std::fmt::Display) -> Internal {
    Internal::because(format!("password hashing: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kit::Clock;

    fn moment() -> Moment {
        Clock::system().moment()
    }

    #[tokio::test]
    async fn a_password_is_right_for_its_own_hash_only() {
        let hasher = Hasher::cheap();
        let (right, wrong) = (
            Secret::new("plover grommet tarn"),
            Secret::new("plover grommet tarn "),
        );
        let hash = hasher.hash(&right, &moment()).await.unwrap();
        assert!(hash.0.starts_with("$argon2id$v=19$m=8,t=1,p=1$"));
        let verify = async |password, hash| hasher.verify(password, hash, &moment()).await.unwrap();
        assert!(matches!(verify(&right, Some(&hash)).await, Verdict::Right));
        assert!(matches!(verify(&wrong, Some(&hash)).await, Verdict::Wrong));
        assert!(matches!(verify(&right, None).await, Verdict::Wrong));
        let huge = Secret::new("a".repeat(10_000_000));
        assert!(matches!(verify(&huge, Some(&hash)).await, Verdict::Wrong));
    }

    #[tokio::test]
    async fn old_parameters_are_renewed_at_the_next_sign_in() {
        let password = Secret::new("plover grommet tarn");
        let old = Hasher::cheap().hash(&password, &moment()).await.unwrap();
        let now = Hasher::new();
        let Verdict::RightRenewed(renewed) =
            now.verify(&password, Some(&old), &moment()).await.unwrap()
        else {
            panic!("an old hash stays");
        };
        assert!(renewed.0.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(matches!(
            now.verify(&password, Some(&renewed), &moment())
                .await
                .unwrap(),
            Verdict::Right
        ));
    }

    #[tokio::test]
    async fn beyond_the_line_everybody_is_asked_to_come_back_and_memory_is_shared() {
        let hasher = Hasher::with(Params::DEFAULT, 1);
        let password = Secret::new("plover grommet tarn");
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..60 {
            let (hasher, password) = (hasher.clone(), password.clone());
            tasks.spawn(async move { hasher.verify(&password, None, &moment()).await.is_ok() });
        }
        let done = tasks
            .join_all()
            .await
            .into_iter()
            .filter(|done| *done)
            .count();
        assert_eq!(done, 33);
        assert_eq!(hasher.0.memory().len(), 1);
        assert_eq!(hasher.0.present.load(Ordering::Acquire), 0);
    }
}
