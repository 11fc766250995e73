-- Times are microseconds since 1970-01-01 UTC. Identifiers are UUIDs as text.

CREATE TABLE signers (
    id TEXT NOT NULL PRIMARY KEY,
    national_id TEXT NOT NULL UNIQUE,
    given_name TEXT NOT NULL,
    surname1 TEXT NOT NULL,
    surname2 TEXT,
    phone TEXT UNIQUE,
    email TEXT,
    language TEXT NOT NULL,
    method TEXT NOT NULL,
    level TEXT NOT NULL,
    proofed_at BIGINT NOT NULL,
    registered_at BIGINT NOT NULL,
    activated_at BIGINT,
    password_expires_at BIGINT,
    password_failures INTEGER NOT NULL DEFAULT 0,
    blocked_at BIGINT,
    activation_failures INTEGER NOT NULL DEFAULT 0,
    activation_blocked_at BIGINT,
    -- Wrong SMS codes over all steps since the last right one, and when the first of them was given.
    code_failures INTEGER NOT NULL DEFAULT 0,
    code_failures_since BIGINT,
    last_access_at BIGINT,
    deregistered_at BIGINT,
    sealing_key BYTEA NOT NULL
);
CREATE INDEX signers_closed ON signers (deregistered_at) WHERE deregistered_at IS NOT NULL;

-- Tries with identifiers nobody is registered with, or that are blocked. They cost a write like the
-- others, so that time does not tell who is registered; spread over rows, so that they do not wait for one another.
CREATE TABLE unknown_tries (
    bucket INTEGER NOT NULL PRIMARY KEY,
    tries BIGINT NOT NULL
);
INSERT INTO unknown_tries (bucket, tries)
VALUES (0, 0), (1, 0), (2, 0), (3, 0), (4, 0), (5, 0), (6, 0), (7, 0);

-- The citizen secret, sealed under what the citizen knows: as in disk encryption, any slot opens it.
CREATE TABLE keyslots (
    signer_id TEXT NOT NULL REFERENCES signers (id),
    kind TEXT NOT NULL,
    derivation TEXT NOT NULL,
    salt BYTEA NOT NULL,
    verifier BYTEA NOT NULL,
    sealed_secret BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (signer_id, kind)
);

-- Between the first factor and the code: the citizen secret under a key only the browser holds, and the code
-- hashed under that same key. The key is known again by its own hash, also when the secret is gone.
CREATE TABLE challenges (
    id TEXT NOT NULL PRIMARY KEY,
    signer_id TEXT NOT NULL REFERENCES signers (id),
    purpose TEXT NOT NULL,
    request_id TEXT,
    binding BYTEA NOT NULL,
    key_check BYTEA NOT NULL,
    sealed_secret BYTEA,
    code_hash BYTEA NOT NULL,
    tries_left INTEGER NOT NULL,
    sms_count INTEGER NOT NULL,
    sms_state TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT,
    outcome TEXT
);
CREATE INDEX challenges_signer ON challenges (signer_id, created_at);
-- What upkeep looks for is an index of its own each time: nothing that is done with is read again.
CREATE INDEX challenges_sealed ON challenges (expires_at) WHERE sealed_secret IS NOT NULL;
CREATE INDEX challenges_created ON challenges (created_at);
CREATE INDEX challenges_exhausted ON challenges (created_at) WHERE tries_left <= 0;
CREATE INDEX challenges_request ON challenges (request_id);

CREATE TABLE authorities (
    name TEXT NOT NULL PRIMARY KEY,
    certificate BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    crl BYTEA,
    crl_number BIGINT NOT NULL DEFAULT 0,
    crl_next_update BIGINT,
    -- How many certificates were revoked so far, and how many of these the list knows.
    revocations BIGINT NOT NULL DEFAULT 0,
    crl_revocations BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE wrapping_keys (
    id TEXT NOT NULL PRIMARY KEY,
    kek_version INTEGER NOT NULL,
    wrapped_key BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    rewrapped_at BIGINT
);

CREATE TABLE credentials (
    id TEXT NOT NULL PRIMARY KEY,
    signer_id TEXT NOT NULL REFERENCES signers (id),
    state TEXT NOT NULL,
    algorithm TEXT NOT NULL,
    public_key BYTEA NOT NULL,
    wrapping_key_id TEXT REFERENCES wrapping_keys (id),
    kek_version INTEGER,
    sealed_key BYTEA,
    issuer TEXT NOT NULL,
    certificate_request BYTEA,
    certificate BYTEA,
    chain BYTEA,
    serial TEXT,
    not_before BIGINT,
    not_after BIGINT,
    created_at BIGINT NOT NULL,
    revoked_at BIGINT,
    revocation_reason TEXT,
    CHECK ((wrapping_key_id IS NULL) <> (kek_version IS NULL))
);
CREATE INDEX credentials_signer ON credentials (signer_id);
CREATE INDEX credentials_wrapping_key ON credentials (wrapping_key_id, state);
CREATE INDEX credentials_kek ON credentials (kek_version, state) WHERE kek_version IS NOT NULL;
CREATE INDEX credentials_revoked ON credentials (issuer, revoked_at);

CREATE TABLE apps (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    return_urls TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    disabled_at BIGINT
);

CREATE TABLE app_tokens (
    hash BYTEA NOT NULL PRIMARY KEY,
    app_id TEXT NOT NULL REFERENCES apps (id),
    created_at BIGINT NOT NULL,
    expires_at BIGINT
);
CREATE INDEX app_tokens_app ON app_tokens (app_id);

CREATE TABLE app_certificates (
    fingerprint BYTEA NOT NULL PRIMARY KEY,
    app_id TEXT NOT NULL REFERENCES apps (id),
    created_at BIGINT NOT NULL,
    expires_at BIGINT
);
CREATE INDEX app_certificates_app ON app_certificates (app_id);

CREATE TABLE requests (
    id TEXT NOT NULL PRIMARY KEY,
    app_id TEXT NOT NULL REFERENCES apps (id),
    signer_id TEXT NOT NULL REFERENCES signers (id),
    state TEXT NOT NULL,
    reason TEXT,
    title TEXT,
    language TEXT NOT NULL,
    return_url TEXT,
    idempotency_key TEXT,
    idempotency_hash BYTEA,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    approved_at BIGINT,
    finished_at BIGINT,
    delete_at BIGINT NOT NULL,
    documents_deleted_at BIGINT,
    credential_id TEXT,
    node TEXT,
    -- The process that signs: only it may write what becomes of the request.
    lease_holder TEXT,
    -- By which claim it was signed: stays when another process takes over.
    lease_claim TEXT,
    lease_until BIGINT,
    UNIQUE (app_id, idempotency_key)
);
CREATE INDEX requests_expiry ON requests (state, expires_at);
CREATE INDEX requests_deletion ON requests (delete_at)
    WHERE documents_deleted_at IS NULL AND finished_at IS NOT NULL;
CREATE INDEX requests_signer ON requests (signer_id);

CREATE TABLE documents (
    id TEXT NOT NULL PRIMARY KEY,
    request_id TEXT NOT NULL REFERENCES requests (id),
    position INTEGER NOT NULL,
    state TEXT NOT NULL,
    reason TEXT,
    detail TEXT,
    name TEXT NOT NULL,
    title TEXT,
    media_type TEXT NOT NULL,
    format TEXT NOT NULL,
    packaging TEXT,
    digest_algorithm TEXT NOT NULL,
    padding TEXT,
    options TEXT NOT NULL,
    size BIGINT NOT NULL,
    sha256 BYTEA NOT NULL,
    digest BYTEA NOT NULL,
    digest_midstate BYTEA NOT NULL,
    block_states BYTEA NOT NULL,
    -- Over all of the above that is signed or shown, under a key that is not in the database.
    acceptance_mac BYTEA NOT NULL,
    object_key TEXT,
    signed_object_key TEXT,
    -- Whether the whole file is there, or what follows the original.
    signed_kept TEXT,
    signed_size BIGINT,
    signed_sha256 BYTEA,
    signed_at BIGINT,
    UNIQUE (request_id, position)
);
CREATE INDEX documents_object ON documents (object_key);
CREATE INDEX documents_signed_object ON documents (signed_object_key);

-- Each signature activation data is spent once: the row is written before the HSM is touched.
CREATE TABLE sads (
    id TEXT NOT NULL PRIMARY KEY,
    request_id TEXT NOT NULL,
    -- Of one request, only the SADs of the present claim tell whether anything may have been signed.
    claim_id TEXT NOT NULL,
    credential_id TEXT NOT NULL,
    spent_at BIGINT NOT NULL
);
CREATE INDEX sads_claim ON sads (claim_id);

CREATE TABLE journal (
    node TEXT NOT NULL,
    seq BIGINT NOT NULL,
    at BIGINT NOT NULL,
    event TEXT NOT NULL,
    request_id TEXT,
    body TEXT NOT NULL,
    previous BYTEA NOT NULL,
    hash BYTEA NOT NULL,
    PRIMARY KEY (node, seq)
);
CREATE INDEX journal_node_at ON journal (node, at);
CREATE INDEX journal_request ON journal (request_id) WHERE request_id IS NOT NULL;

CREATE TABLE journal_checkpoints (
    node TEXT NOT NULL,
    seq BIGINT NOT NULL,
    statement TEXT NOT NULL,
    key TEXT NOT NULL,
    signature BYTEA NOT NULL,
    PRIMARY KEY (node, seq)
);

-- Parts of chains that were written to files and dropped, up to a row that a checkpoint signs. Each is a statement that
-- the audit key signed.
CREATE TABLE journal_archives (
    node TEXT NOT NULL,
    seq BIGINT NOT NULL,
    statement TEXT NOT NULL,
    key TEXT NOT NULL,
    signature BYTEA NOT NULL,
    PRIMARY KEY (node, seq)
);

-- Who archives a chain at this moment.
CREATE TABLE journal_archivers (
    node TEXT NOT NULL PRIMARY KEY,
    holder TEXT NOT NULL,
    held_until BIGINT NOT NULL
);

-- The nodes that are running, and what one of them does for all.
CREATE TABLE nodes (
    name TEXT NOT NULL PRIMARY KEY,
    seen_at BIGINT NOT NULL
);

CREATE TABLE duties (
    name TEXT NOT NULL PRIMARY KEY,
    node TEXT NOT NULL,
    held_until BIGINT NOT NULL
);
