//! Keys: the ring that two nodes share, tokens that are believed and tokens that are not.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta};
use serde_json::{Value, json};
use tokio::sync::OnceCell;
use usher::db::Db;
use usher::keys::ring::{self, NewKeys, Published, Replacing};
use usher::keys::{Algorithm, BadToken, ForeignKeys, KeyRing, MasterKey, Sealer, TokenKind};
use usher::kit::{Clock, Internal, ManualClock, Moment, Secret};

use crate::database;

struct Node {
    db: Db,
    ring: KeyRing,
    time: ManualClock,
}

/// RSA keys take long to make: all tests share them.
async fn new_keys() -> NewKeys {
    static KEYS: OnceCell<NewKeys> = OnceCell::const_new();
    let keys = KEYS.get_or_init(async || NewKeys::generate().await.unwrap());
    keys.await.clone()
}

fn sealer() -> Sealer {
    let master = MasterKey::given(&Secret::new("0123456789 0123456789 0123456789"));
    Sealer::new(&master.unwrap()).unwrap()
}

impl Node {
    async fn start(db: &Db) -> Self {
        let time = ManualClock::new(DateTime::from_timestamp_secs(1_800_000_000).unwrap(), 7);
        let moment = Clock::manual(&time).moment();
        let keys = new_keys().await;
        let planted = db.write(async |tx| ring::plant(tx, &sealer(), &moment, &keys).await);
        let planted: Result<_, Internal> = planted.await;
        planted.unwrap();
        let ring = KeyRing::open(db, &sealer(), &moment).await.unwrap();
        let db = db.clone();
        Self { db, ring, time }
    }

    fn moment(&self) -> Moment {
        Clock::manual(&self.time).moment()
    }

    fn sign(&self, kind: TokenKind, algorithm: Algorithm) -> String {
        let moment = self.moment();
        let (iat, exp) = (moment.now.timestamp(), moment.now.timestamp() + 600);
        let claims = json!({"sub": "idn_1", "iat": iat, "exp": exp});
        self.ring.sign(kind, algorithm, &claims, &moment).unwrap()
    }

    fn verify(&self, kind: TokenKind, token: &str) -> Result<Value, BadToken> {
        self.ring.verify(kind, token, &self.moment())
    }

    async fn rotates(&self, replacing: Replacing) -> Vec<Published> {
        let (moment, keys) = (self.moment(), NewKeys::generate().await.unwrap());
        let rotated = self
            .db
            .write(async |tx| ring::rotate(tx, &sealer(), &moment, &keys, replacing).await);
        let rotated: Result<_, Internal> = rotated.await;
        self.ring.reload(&self.db).await.unwrap();
        rotated.unwrap()
    }

    fn kids(&self) -> Vec<String> {
        let set: Value = serde_json::from_str(&self.ring.jwks()).unwrap();
        let kids = set.get("keys").unwrap().as_array().unwrap().iter();
        kids.map(|key| key["kid"].as_str().unwrap().to_owned())
            .collect()
    }
}

fn parts(token: &str) -> [Value; 2] {
    let mut parts = token.split('.');
    [(); 2].map(|()| {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts.next().unwrap()).unwrap()).unwrap()
    })
}

fn encoded(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

/// The token with another header, its signature as it was.
fn with_header(token: &str, change: impl FnOnce(&mut Value)) -> String {
    let [mut header, _] = parts(token);
    change(&mut header);
    let rest = token.split_once('.').unwrap().1;
    format!("{}.{rest}", encoded(&header))
}

/// R135: a token that was tampered with is not believed, whatever was changed.
#[tokio::test]
async fn r135_a_tampered_token_is_not_believed() {
    let fresh = database::sqlite().await;
    let node = Node::start(&fresh.db).await;
    for algorithm in Algorithm::ALL {
        let token = node.sign(TokenKind::Invitation, algorithm);
        let read = node.verify(TokenKind::Invitation, &token).unwrap();
        assert_eq!(read["sub"], "idn_1");
        let [header, mut claims] = parts(&token);
        claims["sub"] = json!("idn_2");
        let signature = token.rsplit_once('.').unwrap().1;
        let other = format!("{}.{}.{signature}", encoded(&header), encoded(&claims));
        assert_eq!(
            node.verify(TokenKind::Invitation, &other),
            Err(BadToken::BadSignature)
        );
        for at in (0..token.len()).step_by(7) {
            let mut bytes = token.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            let last_digit = at == token.len() - 1; // may hold only padding bits
            assert!(
                last_digit || node.verify(TokenKind::Invitation, &changed).is_err(),
                "{at}"
            );
        }
        for length in 0..token.len() {
            assert!(
                node.verify(TokenKind::Invitation, &token[..length])
                    .is_err()
            );
        }
    }
}

/// R135: the key decides the algorithm: `none`, HS256 with the public key as secret, and another key's algorithm fail.
#[tokio::test]
async fn r135_the_algorithm_can_not_be_swapped() {
    let fresh = database::sqlite().await;
    let node = Node::start(&fresh.db).await;
    let token = node.sign(TokenKind::AccessToken, Algorithm::Rs256);
    for alg in [
        "none", "None", "HS256", "PS256", "RS512", "ES256", "EdDSA", "",
    ] {
        let swapped = with_header(&token, |header| header["alg"] = json!(alg));
        let verified = node.verify(TokenKind::AccessToken, &swapped);
        assert_eq!(verified, Err(BadToken::BadSignature), "{alg}");
        let unsigned = format!("{}.", swapped.rsplit_once('.').unwrap().0);
        assert!(node.verify(TokenKind::AccessToken, &unsigned).is_err());
    }
    let set: Value = serde_json::from_str(&node.ring.jwks()).unwrap();
    for public in set["keys"].as_array().unwrap() {
        let [mut header, claims] = parts(&token);
        header["alg"] = json!("HS256");
        header["kid"] = public["kid"].clone();
        let message = format!("{}.{}", encoded(&header), encoded(&claims));
        for secret in [
            public.to_string(),
            public["x"].to_string(),
            public["n"].to_string(),
        ] {
            let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, secret.as_bytes());
            let tag = aws_lc_rs::hmac::sign(&key, message.as_bytes());
            let forged = format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag));
            let verified = node.verify(TokenKind::AccessToken, &forged);
            assert_eq!(verified, Err(BadToken::BadSignature));
        }
    }
}

/// R135: no kind of token passes for another, and a key of somebody else signs nothing of ours.
#[tokio::test]
async fn r135_wrong_kind_and_wrong_key_are_refused() {
    let fresh = database::sqlite().await;
    let node = Node::start(&fresh.db).await;
    let kinds = [
        TokenKind::IdToken,
        TokenKind::AccessToken,
        TokenKind::Invitation,
        TokenKind::Logout,
    ];
    for (at, kind) in kinds.into_iter().enumerate() {
        let token = node.sign(kind, Algorithm::Es256);
        for (other_at, other) in kinds.into_iter().enumerate() {
            let expected = if at == other_at {
                None
            } else {
                Some(BadToken::WrongKind)
            };
            assert_eq!(node.verify(other, &token).err(), expected);
        }
        let relabelled = with_header(&token, |header| header["typ"] = json!("logout+jwt"));
        assert!(kind == TokenKind::Logout || node.verify(TokenKind::Logout, &relabelled).is_err());
    }
    let elsewhere = database::sqlite().await;
    let moment = node.moment();
    let foreign = KeyRing::open(&elsewhere.db, &sealer(), &moment)
        .await
        .unwrap();
    let claims = json!({"exp": moment.now.timestamp() + 60});
    let token = foreign
        .sign(TokenKind::IdToken, Algorithm::Es256, &claims, &moment)
        .unwrap();
    assert_eq!(
        node.verify(TokenKind::IdToken, &token),
        Err(BadToken::UnknownKey)
    );
    let own_kid = parts(&node.sign(TokenKind::IdToken, Algorithm::Es256))[0]["kid"].clone();
    let dressed_up = with_header(&token, |header| header["kid"] = own_kid);
    assert_eq!(
        node.verify(TokenKind::IdToken, &dressed_up),
        Err(BadToken::BadSignature)
    );
    for kid in [
        json!("' OR 1=1 --"),
        json!("../../etc/passwd"),
        json!(7),
        Value::Null,
    ] {
        let named = with_header(&token, |header| header["kid"] = kid.clone());
        assert!(node.verify(TokenKind::IdToken, &named).is_err(), "{kid}");
    }
}

/// R135: an expired token is refused on the second; a hint may be read all the same.
#[tokio::test]
async fn r135_an_expired_token_is_refused_on_the_second() {
    let fresh = database::sqlite().await;
    let node = Node::start(&fresh.db).await;
    let token = node.sign(TokenKind::IdToken, Algorithm::EdDsa);
    node.time.advance(TimeDelta::milliseconds(599_999));
    assert!(node.verify(TokenKind::IdToken, &token).is_ok());
    node.time.advance(TimeDelta::milliseconds(1));
    assert_eq!(
        node.verify(TokenKind::IdToken, &token),
        Err(BadToken::Expired)
    );
    let moment = node.moment();
    let hint = node
        .ring
        .verify_expired_too::<Value>(TokenKind::IdToken, &token, &moment);
    assert_eq!(hint.unwrap()["sub"], "idn_1");
}

/// Two nodes that start at once read the same ring (CORE-46, DISC-07).
#[tokio::test(flavor = "multi_thread")]
async fn nodes_that_start_at_once_share_one_ring() {
    for fresh in database::each().await {
        let moment = Clock::system().moment();
        let sealer = sealer();
        let open = || KeyRing::open(&fresh.db, &sealer, &moment);
        let (one, other) = tokio::join!(open(), open());
        let (one, other) = (one.unwrap(), other.unwrap());
        other.reload(&fresh.db).await.unwrap();
        one.reload(&fresh.db).await.unwrap();
        assert_eq!(one.jwks(), other.jwks());
        let set: Value = serde_json::from_str(&one.jwks()).unwrap();
        let keys = set["keys"].as_array().unwrap();
        let mut algorithms: Vec<_> = keys
            .iter()
            .map(|key| key["alg"].as_str().unwrap())
            .collect();
        algorithms.sort_unstable();
        assert_eq!(algorithms, ["ES256", "EdDSA", "RS256"]);
        assert!(
            keys.iter()
                .all(|key| key["use"] == "sig" && key.get("d").is_none())
        );
        let wrong = MasterKey::given(&Secret::new("another master key, which does not fit"));
        let wrong = Sealer::new(&wrong.unwrap()).unwrap();
        assert!(KeyRing::open(&fresh.db, &wrong, &moment).await.is_err());
    }
}

/// CORE-46: a new key is published before it signs, and an old one until everything it signed has expired.
#[tokio::test]
async fn rotation_publishes_before_it_signs() {
    for fresh in database::each().await {
        let node = Node::start(&fresh.db).await;
        let other = KeyRing::open(&fresh.db, &sealer(), &node.moment())
            .await
            .unwrap();
        let old = node.kids();
        assert!(node.rotates(Replacing::Old).await.is_empty());
        let new = node.rotates(Replacing::All).await;
        assert_eq!(new.len(), 3);
        assert!(
            node.rotates(Replacing::All).await.is_empty(),
            "one rotation at a time"
        );
        assert_eq!(node.kids().len(), 6);
        let kid_now = || parts(&node.sign(TokenKind::IdToken, Algorithm::Rs256))[0]["kid"].clone();
        assert!(old.contains(&kid_now().as_str().unwrap().to_owned()));
        let before = node.sign(TokenKind::IdToken, Algorithm::Es256);
        node.time.advance(ring::PUBLISHED_AHEAD);
        assert!(new.iter().any(|key| kid_now() == json!(key.kid)));
        other.reload(&fresh.db).await.unwrap();
        assert_eq!(other.jwks(), node.ring.jwks());
        let hint = other.verify_expired_too::<Value>(TokenKind::IdToken, &before, &node.moment());
        assert!(hint.is_ok());
        node.time.advance(ring::PUBLISHED_AFTER);
        let moment = node.moment();
        let hint = other.verify_expired_too::<Value>(TokenKind::IdToken, &before, &moment);
        assert_eq!(hint, Err(BadToken::UnknownKey));
        let swept: Result<u64, Internal> = fresh
            .db
            .write(async |tx| ring::sweep(tx, moment.now).await)
            .await;
        assert_eq!(swept.unwrap(), 3);
        node.ring.reload(&fresh.db).await.unwrap();
        assert_eq!(node.kids().len(), 3);
        assert!(
            node.verify(
                TokenKind::IdToken,
                &node.sign(TokenKind::IdToken, Algorithm::Es256)
            )
            .is_ok()
        );
    }
}

/// What the schedule does, whether one node does it or two.
#[tokio::test]
async fn the_schedule_replaces_old_keys_once() {
    for fresh in database::each().await {
        let node = Node::start(&fresh.db).await;
        node.time.advance(ring::ROTATED_AFTER);
        let due: Result<bool, Internal> = fresh
            .db
            .read(async |tx| ring::is_due(tx, node.moment().now).await)
            .await;
        assert!(due.unwrap());
        let moment = node.moment();
        for _ in 0..2 {
            let kept = ring::keep_fresh(&fresh.db, &sealer(), &moment).await;
            kept.unwrap();
        }
        node.ring.reload(&fresh.db).await.unwrap();
        assert_eq!(
            node.kids().len(),
            6,
            "the schedule publishes successors, once"
        );
    }
}

/// With the master key lost, new keys are made; what the old ones signed is over.
#[tokio::test]
async fn a_lost_master_key_is_no_dead_end() {
    for fresh in database::each().await {
        let node = Node::start(&fresh.db).await;
        let token = node.sign(TokenKind::Invitation, Algorithm::Es256);
        let other = MasterKey::given(&Secret::new("another master key, which does not fit"));
        let other = Sealer::new(&other.unwrap()).unwrap();
        let (moment, keys) = (node.moment(), NewKeys::generate().await.unwrap());
        let refused = KeyRing::open(&fresh.db, &other, &moment).await.err();
        assert!(format!("{:?}", refused.unwrap()).contains("usher keys start-over"));
        let begun = fresh
            .db
            .write(async |tx| ring::start_over(tx, &other, &moment, &keys).await);
        let begun: Result<Vec<Published>, Internal> = begun.await;
        assert_eq!(begun.unwrap().len(), 3);
        let ring = KeyRing::open(&fresh.db, &other, &moment).await.unwrap();
        let verified = ring.verify::<Value>(TokenKind::Invitation, &token, &moment);
        assert_eq!(verified, Err(BadToken::UnknownKey));
    }
}

/// CORE-44, JW-01, JW-02: a client's keys verify its assertions, and only in the algorithms they are made for.
#[tokio::test]
async fn foreign_keys_verify_what_their_owner_signed() {
    let fresh = database::sqlite().await;
    let node = Node::start(&fresh.db).await;
    let moment = node.moment();
    let set: Value = serde_json::from_str(&node.ring.jwks()).unwrap();
    let keys = ForeignKeys::parse(&set).unwrap();
    for algorithm in Algorithm::ALL {
        let token = node.sign(TokenKind::IdToken, algorithm);
        assert!(keys.verify::<Value>(&token, &moment).is_ok());
        let bare = with_header(&token, |header| header["alg"] = json!("PS256"));
        assert_eq!(
            keys.verify::<Value>(&bare, &moment),
            Err(BadToken::BadSignature)
        );
        let access = node.sign(TokenKind::AccessToken, algorithm);
        assert_eq!(
            keys.verify::<Value>(&access, &moment),
            Err(BadToken::WrongKind)
        );
    }
}

/// JW-02: weak keys, points off the curve and private keys are refused when they are registered.
#[test]
fn foreign_keys_that_can_not_be_used_are_refused() {
    let x = URL_SAFE_NO_PAD.encode([1_u8; 32]);
    let handle = URL_SAFE_NO_PAD.encode(b"usher-key:\0\0\0\0\0\0\0\x01");
    for (key, why) in [
        (
            json!({"kty": "EC", "crv": "P-256", "x": x, "y": x}),
            "not on the curve",
        ),
        (
            json!({"kty": "EC", "crv": "P-384", "x": x, "y": x}),
            "another curve",
        ),
        (json!({"kty": "oct", "k": x}), "symmetric"),
        (
            json!({"kty": "RSA", "n": URL_SAFE_NO_PAD.encode([255; 128]), "e": "AQAB"}),
            "1024 bits",
        ),
        (
            json!({"kty": "OKP", "crv": "Ed25519", "x": handle}),
            "a handle of ours",
        ),
        (
            json!({"kty": "OKP", "crv": "Ed25519", "x": x, "d": x}),
            "private",
        ),
        (
            json!({"kty": "OKP", "crv": "Ed25519", "x": x, "use": "enc"}),
            "for encryption",
        ),
        (
            json!({"kty": "OKP", "crv": "Ed25519", "x": x, "alg": "HS256"}),
            "another algorithm",
        ),
        (json!("key"), "no object"),
    ] {
        assert!(
            ForeignKeys::parse(&json!({"keys": [key]})).is_err(),
            "{why}"
        );
    }
    assert!(ForeignKeys::parse(&json!({"keys": []})).is_err());
    assert!(ForeignKeys::parse(&json!([])).is_err());
}

/// The signer is ours: a handle, not a key, is what the library holds.
#[tokio::test]
async fn a_reload_forgets_keys_that_are_gone() {
    let fresh = database::sqlite().await;
    let node = Node::start(&fresh.db).await;
    let clone = node.ring.clone();
    node.rotates(Replacing::All).await;
    assert_eq!(clone.jwks(), node.ring.jwks(), "clones see a reload");
}
