-- One schema for SQLite and PostgreSQL: declared types that both understand, no defaults that need a clock.
-- `_hash` columns hold SHA-256 digests, `_sealed` columns hold AES-256-GCM under the master key.
-- `revision` counts the changes of a row and is its ETag.

-- Counts the changes of what nodes keep in memory; a node that sees a higher number reads again.
CREATE TABLE snapshot_version (
    name TEXT PRIMARY KEY NOT NULL,
    number BIGINT NOT NULL
);
INSERT INTO snapshot_version (name, number) VALUES ('catalogue', 1), ('keys', 1), ('revocations', 1), ('connections', 1);

CREATE TABLE signing_key (
    id UUID PRIMARY KEY NOT NULL,
    algorithm TEXT NOT NULL,              -- ES256, RS256, EdDSA
    private_sealed BYTEA NOT NULL,        -- PKCS #8
    public_jwk JSONB NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    signs_from TIMESTAMPTZ NOT NULL,      -- published from created_at on
    signs_until TIMESTAMPTZ,              -- NULL while no successor is set
    published_until TIMESTAMPTZ           -- everything signed has expired
);
-- Two nodes that start or rotate at once agree on one current key.
CREATE UNIQUE INDEX signing_key_current ON signing_key (algorithm) WHERE signs_until IS NULL;

-- People ---------------------------------------------------------------------------------------

CREATE TABLE identity_store (
    id UUID PRIMARY KEY NOT NULL,
    name TEXT NOT NULL UNIQUE,
    identifiers JSONB NOT NULL,           -- ["EMAIL", "USERNAME", "PHONE"]
    attributes JSONB NOT NULL,            -- definitions of the custom attributes
    created_at TIMESTAMPTZ NOT NULL,
    revision BIGINT NOT NULL
);

CREATE TABLE identity (
    id UUID PRIMARY KEY NOT NULL,
    store_id UUID NOT NULL REFERENCES identity_store (id),
    status TEXT NOT NULL,                 -- active, disabled
    profile JSONB NOT NULL,               -- OpenID Connect standard claims
    attributes JSONB NOT NULL,            -- custom attributes of the store
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    revision BIGINT NOT NULL
);
CREATE INDEX identity_by_store ON identity (store_id, id);

-- What a person types to sign in. The same value may exist in two stores, never twice in one.
CREATE TABLE identifier (
    store_id UUID NOT NULL REFERENCES identity_store (id),
    kind TEXT NOT NULL,                   -- EMAIL, USERNAME, PHONE
    value_key TEXT NOT NULL,              -- normalised
    identity_id UUID NOT NULL REFERENCES identity (id),
    value TEXT NOT NULL,                  -- as typed
    verified_at TIMESTAMPTZ,
    PRIMARY KEY (store_id, kind, value_key)
);
CREATE INDEX identifier_by_identity ON identifier (identity_id);

CREATE TABLE password (
    identity_id UUID PRIMARY KEY NOT NULL REFERENCES identity (id),
    phc TEXT NOT NULL,                    -- Argon2id, PHC string
    must_change BOOLEAN NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE recovery (
    token_hash BYTEA PRIMARY KEY NOT NULL,
    identity_id UUID NOT NULL REFERENCES identity (id),
    flow_sealed TEXT NOT NULL,            -- where the person was going when they asked
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    used_at TIMESTAMPTZ
);
CREATE INDEX recovery_by_identity ON recovery (identity_id);

CREATE TABLE session (
    id UUID PRIMARY KEY NOT NULL,
    token_hash BYTEA NOT NULL UNIQUE,
    identity_id UUID NOT NULL REFERENCES identity (id),
    store_id UUID NOT NULL,
    methods JSONB NOT NULL,               -- amr, RFC 8176
    authenticated_at TIMESTAMPTZ NOT NULL, -- auth_time; an external provider may have seen the person earlier
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    ended_at TIMESTAMPTZ,
    followed_by UUID                      -- the session with which the same person went on in the same browser
);
CREATE INDEX session_by_identity ON session (identity_id);
CREATE INDEX session_by_expiry ON session (expires_at);
CREATE INDEX session_by_follower ON session (followed_by) WHERE followed_by IS NOT NULL;

-- The applications that got tokens in a session and want to be told of its end.
CREATE TABLE session_client (
    session_id UUID NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    client_id UUID NOT NULL,
    PRIMARY KEY (session_id, client_id)
);

-- A session has ended: what an application is to be told (OpenID Connect Back-Channel Logout 1.0).
CREATE TABLE logout_notice (
    id UUID PRIMARY KEY NOT NULL,
    client_id UUID NOT NULL,
    identity_id UUID NOT NULL,
    session_id UUID NOT NULL,
    state TEXT NOT NULL,                  -- queued, deferred, told, failed
    attempts BIGINT NOT NULL,
    due_at TIMESTAMPTZ NOT NULL,
    leased_until TIMESTAMPTZ,
    answer TEXT,
    ended_at TIMESTAMPTZ
);
CREATE INDEX logout_notice_due ON logout_notice (due_at) WHERE state IN ('queued', 'deferred');
CREATE INDEX logout_notice_by_end ON logout_notice (ended_at);

-- The external sign-in that a session began with, as that provider names it: its logout ends the session.
CREATE TABLE upstream_session (
    session_id UUID PRIMARY KEY NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    connection_id UUID NOT NULL,
    namespace TEXT NOT NULL,              -- with the subject: the account key
    subject TEXT NOT NULL,
    sid TEXT,
    id_token_sealed BYTEA                 -- the id_token_hint of a logout there
);
CREATE INDEX upstream_session_by_subject ON upstream_session (connection_id, namespace, subject);
CREATE INDEX upstream_session_by_sid ON upstream_session (connection_id, sid);

-- Counters of failed attempts. The key is a digest: who tried what stays unknown to a reader of the table.
CREATE TABLE throttle (
    key_hash BYTEA PRIMARY KEY NOT NULL,
    failures BIGINT NOT NULL,
    window_ends_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE administrator (
    identity_id UUID PRIMARY KEY NOT NULL REFERENCES identity (id),
    role TEXT NOT NULL,
    since TIMESTAMPTZ NOT NULL
);

-- Applications, clients, groups ----------------------------------------------------------------

CREATE TABLE application (
    id UUID PRIMARY KEY NOT NULL,
    store_id UUID NOT NULL REFERENCES identity_store (id),
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    purpose TEXT NOT NULL,                -- product, console
    protocol TEXT NOT NULL,               -- oidc, saml2, both
    home_url TEXT,
    saml_entity_id TEXT,
    saml_acs_url TEXT,
    accent TEXT,                          -- #rrggbb, the brand colour of hosted pages
    policy JSONB NOT NULL,                -- self-service policy
    created_at TIMESTAMPTZ NOT NULL,
    deleted_at TIMESTAMPTZ,               -- the row stays for what points to it
    revision BIGINT NOT NULL
);
CREATE UNIQUE INDEX application_by_name ON application (store_id, name) WHERE deleted_at IS NULL;

-- A relying party (application_id set) or a client of the management API (application_id NULL).
CREATE TABLE client (
    id UUID PRIMARY KEY NOT NULL,
    application_id UUID REFERENCES application (id),
    name TEXT NOT NULL,
    settings JSONB NOT NULL,              -- redirect URIs, grant types, scopes, algorithms, PKCE, …
    created_at TIMESTAMPTZ NOT NULL,
    deleted_at TIMESTAMPTZ,
    revision BIGINT NOT NULL
);
CREATE UNIQUE INDEX client_by_application ON client (application_id);

-- Generated secrets of 256 bits; two may overlap while one is being replaced.
CREATE TABLE client_secret (
    secret_hash BYTEA PRIMARY KEY NOT NULL,
    client_id UUID NOT NULL REFERENCES client (id),
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ
);
CREATE INDEX client_secret_by_client ON client_secret (client_id);

CREATE TABLE user_group (
    id UUID PRIMARY KEY NOT NULL,
    name TEXT NOT NULL UNIQUE,
    description TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    revision BIGINT NOT NULL
);

CREATE TABLE application_group (
    application_id UUID NOT NULL REFERENCES application (id),
    group_id UUID NOT NULL REFERENCES user_group (id),
    PRIMARY KEY (application_id, group_id)
);

-- One row per reason: a person is in a group as long as one reason stands.
CREATE TABLE membership (
    identity_id UUID NOT NULL REFERENCES identity (id),
    group_id UUID NOT NULL REFERENCES user_group (id),
    reason TEXT NOT NULL,                 -- invitation, application, manual, mapping
    cause_id UUID,                        -- the invitation or the application
    since TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (identity_id, group_id, reason)
);
CREATE INDEX membership_by_group ON membership (group_id, identity_id);

-- Invitations ----------------------------------------------------------------------------------

CREATE TABLE invitation (
    id UUID PRIMARY KEY NOT NULL,
    store_id UUID NOT NULL REFERENCES identity_store (id),
    application_id UUID NOT NULL REFERENCES application (id),
    client_id UUID NOT NULL REFERENCES client (id),
    email TEXT NOT NULL,                  -- as typed
    email_key TEXT NOT NULL,              -- normalised
    inviter TEXT NOT NULL,                -- as the letter names them
    inviter_ref TEXT NOT NULL,            -- identity or client, for the log
    inviter_email TEXT,                   -- is told of failures and requests
    message TEXT,
    profile JSONB NOT NULL,
    attributes JSONB NOT NULL,
    locale TEXT NOT NULL,
    status TEXT NOT NULL,                 -- pending, done, expired, declined, revoked
    version BIGINT NOT NULL,              -- of the link: resend counts up and ends the older ones
    jti_hash BYTEA NOT NULL,              -- of the current token
    code_hash BYTEA NOT NULL,             -- of the current short code
    code_failures BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    sent_at TIMESTAMPTZ NOT NULL,         -- of the current link
    expires_at TIMESTAMPTZ NOT NULL,
    lifetime_seconds BIGINT NOT NULL,
    opened_at TIMESTAMPTZ,
    started_at TIMESTAMPTZ,
    ended_at TIMESTAMPTZ,                 -- done, declined or revoked
    identity_id UUID REFERENCES identity (id),
    decline_reason TEXT,
    fresh_link_asked_at TIMESTAMPTZ,
    revision BIGINT NOT NULL
);
CREATE UNIQUE INDEX invitation_one_pending ON invitation (application_id, email_key) WHERE status = 'pending';
CREATE INDEX invitation_by_status ON invitation (status, id);
CREATE INDEX invitation_by_email ON invitation (email_key, id);
CREATE INDEX invitation_by_application ON invitation (application_id, id);
CREATE INDEX invitation_by_application_and_status ON invitation (application_id, status, id);
-- The status comes first although it is always the same: SQLite takes an equality before a range, and would choose the index above.
CREATE INDEX invitation_by_expiry ON invitation (status, expires_at) WHERE status = 'pending';

CREATE TABLE invitation_group (
    invitation_id UUID NOT NULL REFERENCES invitation (id),
    group_id UUID NOT NULL REFERENCES user_group (id),
    PRIMARY KEY (invitation_id, group_id)
);

-- An address on its way to being proven: other than the invited one, or of somebody who signs up uninvited.
CREATE TABLE address_proof (
    subject_id UUID NOT NULL,             -- the invitation, or a random number that the form carries sealed
    email_key TEXT NOT NULL,
    email TEXT NOT NULL,
    code_hash BYTEA NOT NULL,
    failures BIGINT NOT NULL,
    sent_at TIMESTAMPTZ NOT NULL,
    proven_at TIMESTAMPTZ,
    approved_at TIMESTAMPTZ,
    PRIMARY KEY (subject_id, email_key)
);

-- Grants and tokens ----------------------------------------------------------------------------

-- What a person (or, with identity_id NULL, a client for itself) allowed a client once.
CREATE TABLE access_grant (
    id UUID PRIMARY KEY NOT NULL,
    client_id UUID NOT NULL REFERENCES client (id),
    identity_id UUID NOT NULL REFERENCES identity (id),
    session_id UUID NOT NULL,
    scope TEXT NOT NULL,
    details JSONB NOT NULL,               -- nonce, claims request, auth_time, amr, …
    created_at TIMESTAMPTZ NOT NULL,
    revoked_at TIMESTAMPTZ
);
CREATE INDEX access_grant_by_session ON access_grant (session_id);
CREATE INDEX access_grant_by_identity ON access_grant (identity_id, client_id);

CREATE TABLE authorization_code (
    code_hash BYTEA PRIMARY KEY NOT NULL,
    grant_id UUID NOT NULL REFERENCES access_grant (id),
    redirect_uri TEXT NOT NULL,
    code_challenge TEXT,
    expires_at TIMESTAMPTZ NOT NULL,
    used_at TIMESTAMPTZ
);
CREATE INDEX authorization_code_by_grant ON authorization_code (grant_id);
CREATE INDEX authorization_code_by_expiry ON authorization_code (expires_at);

CREATE TABLE refresh_token (
    token_hash BYTEA PRIMARY KEY NOT NULL,
    grant_id UUID NOT NULL REFERENCES access_grant (id),
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,      -- without use
    ends_at TIMESTAMPTZ NOT NULL,         -- in any case
    rotated_at TIMESTAMPTZ                -- kept for the grace window only
);
CREATE INDEX refresh_token_by_grant ON refresh_token (grant_id);
CREATE INDEX refresh_token_by_expiry ON refresh_token (expires_at);

-- Access tokens that ended before their time: a grant's id or a token's jti.
CREATE TABLE revocation (
    id UUID PRIMARY KEY NOT NULL,
    number BIGINT NOT NULL,               -- of snapshot_version: nodes read what they have not seen yet
    revoked_at TIMESTAMPTZ NOT NULL,
    until TIMESTAMPTZ NOT NULL            -- nothing revoked lives longer
);
CREATE INDEX revocation_by_number ON revocation (number);

-- The jti of client assertions, used up (RFC 7523 section 3).
CREATE TABLE used_assertion (
    jti_hash BYTEA PRIMARY KEY NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE consent (
    identity_id UUID NOT NULL REFERENCES identity (id),
    client_id UUID NOT NULL REFERENCES client (id),
    scope TEXT NOT NULL,
    given_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (identity_id, client_id)
);

-- Federation -----------------------------------------------------------------------------------

-- A provider at which people may sign in.
CREATE TABLE connection (
    id UUID PRIMARY KEY NOT NULL,
    name TEXT NOT NULL UNIQUE,            -- as the button says
    settings JSONB NOT NULL,              -- the provider's kind and everything about it but the secret
    client_id TEXT NOT NULL,
    secret_sealed BYTEA,                  -- NULL: a public client
    secret_expires_at TIMESTAMPTZ,
    secret_warned_at TIMESTAMPTZ,         -- of its expiry
    proven_at TIMESTAMPTZ,                -- when somebody came through with the present client id and secret
    trouble TEXT,                         -- why the last one could not, if that is ours to mend; gone with the next success
    trouble_at TIMESTAMPTZ,
    enabled BOOLEAN NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    revision BIGINT NOT NULL
);

-- Somebody's way to a provider and back: begun, taken once by the callback, finished once by what follows.
CREATE TABLE external_sign_in (
    id UUID PRIMARY KEY NOT NULL,
    state_hash BYTEA NOT NULL UNIQUE,     -- of the state parameter
    connection_id UUID NOT NULL REFERENCES connection (id),
    browser_hash BYTEA NOT NULL,          -- of the cookie of the browser in which it began
    request_sealed BYTEA NOT NULL,        -- the flow, nonce, code verifier, redirect URI, issuer
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,      -- first for the callback, then for what follows
    taken_at TIMESTAMPTZ,                 -- by the callback
    identity_sealed BYTEA,                -- who came back
    finished_at TIMESTAMPTZ               -- a session began, or an account was made or linked
);
CREATE INDEX external_sign_in_by_expiry ON external_sign_in (expires_at);
CREATE INDEX external_sign_in_by_browser ON external_sign_in (browser_hash, created_at);

-- The account at a provider with which a person signs in. An address is never part of the key (R131).
CREATE TABLE linked_account (
    store_id UUID NOT NULL REFERENCES identity_store (id),
    namespace TEXT NOT NULL,              -- the issuer, or what stands for it: an Entra tenant, a Salesforce organization
    subject TEXT NOT NULL,
    identity_id UUID NOT NULL REFERENCES identity (id),
    connection_id UUID NOT NULL REFERENCES connection (id),
    label TEXT NOT NULL,                  -- what the person recognises it by: an address or a user name, as last seen
    linked_at TIMESTAMPTZ NOT NULL,
    last_used_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (store_id, namespace, subject)
);
CREATE INDEX linked_account_by_identity ON linked_account (identity_id);
CREATE INDEX linked_account_by_connection ON linked_account (connection_id);

-- Mail -----------------------------------------------------------------------------------------

CREATE TABLE letter (
    id UUID PRIMARY KEY NOT NULL,
    kind TEXT NOT NULL,
    recipient TEXT NOT NULL,
    locale TEXT NOT NULL,
    content_sealed BYTEA,                 -- what the template needs; gone once the letter is out
    invitation_id UUID REFERENCES invitation (id),
    state TEXT NOT NULL,                  -- queued, deferred, sent, failed, bounced, cancelled
    attempts BIGINT NOT NULL,
    due_at TIMESTAMPTZ NOT NULL,
    leased_until TIMESTAMPTZ,
    answer TEXT,                          -- the server's last words
    created_at TIMESTAMPTZ NOT NULL,
    ended_at TIMESTAMPTZ
);
CREATE INDEX letter_due ON letter (due_at) WHERE state IN ('queued', 'deferred');
CREATE INDEX letter_by_invitation ON letter (invitation_id, id);

-- Where letters land while no SMTP server is configured (development only).
CREATE TABLE mailbox (
    id UUID PRIMARY KEY NOT NULL,
    recipient TEXT NOT NULL,
    subject TEXT NOT NULL,
    html TEXT NOT NULL,
    text TEXT NOT NULL,
    delivered_at TIMESTAMPTZ NOT NULL
);

-- Events, webhooks, idempotency ----------------------------------------------------------------

CREATE TABLE event (
    id UUID PRIMARY KEY NOT NULL,
    at TIMESTAMPTZ NOT NULL,
    kind TEXT NOT NULL,                   -- invitation.created, identity.created, session.started, …
    actor TEXT NOT NULL,                  -- idn_…, cli_…, system
    subject TEXT NOT NULL,                -- what it is about: inv_…, app_…
    data JSONB NOT NULL
);
CREATE INDEX event_by_subject ON event (subject, id);

CREATE TABLE webhook (
    id UUID PRIMARY KEY NOT NULL,
    url TEXT NOT NULL,
    secret_sealed BYTEA NOT NULL,
    kinds JSONB NOT NULL,                 -- prefixes of event kinds; empty: all
    created_at TIMESTAMPTZ NOT NULL,
    revision BIGINT NOT NULL
);

CREATE TABLE webhook_delivery (
    id UUID PRIMARY KEY NOT NULL,
    webhook_id UUID NOT NULL REFERENCES webhook (id),
    event_id UUID NOT NULL REFERENCES event (id),
    state TEXT NOT NULL,                  -- queued, deferred, sent, failed
    attempts BIGINT NOT NULL,
    due_at TIMESTAMPTZ NOT NULL,
    leased_until TIMESTAMPTZ,
    answer TEXT,
    ended_at TIMESTAMPTZ
);
CREATE INDEX webhook_delivery_due ON webhook_delivery (due_at) WHERE state IN ('queued', 'deferred');

CREATE TABLE idempotency (
    caller TEXT NOT NULL,
    key_hash BYTEA NOT NULL,
    request_hash BYTEA NOT NULL,
    resource TEXT NOT NULL,               -- the id of what the first call made
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (caller, key_hash)
);
