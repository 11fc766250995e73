//! The tables as diesel sees them; the migrations are their source. Types are those both databases share.

diesel::table! {
    signers (id) {
        id -> Text,
        national_id -> Text,
        given_name -> Text,
        surname1 -> Text,
        surname2 -> Nullable<Text>,
        phone -> Nullable<Text>,
        email -> Nullable<Text>,
        language -> Text,
        method -> Text,
        level -> Text,
        proofed_at -> BigInt,
        registered_at -> BigInt,
        activated_at -> Nullable<BigInt>,
        password_expires_at -> Nullable<BigInt>,
        password_failures -> Integer,
        blocked_at -> Nullable<BigInt>,
        activation_failures -> Integer,
        activation_blocked_at -> Nullable<BigInt>,
        code_failures -> Integer,
        code_failures_since -> Nullable<BigInt>,
        last_access_at -> Nullable<BigInt>,
        deregistered_at -> Nullable<BigInt>,
        sealing_key -> Binary,
    }
}

diesel::table! {
    unknown_tries (bucket) {
        bucket -> Integer,
        tries -> BigInt,
    }
}

diesel::table! {
    keyslots (signer_id, kind) {
        signer_id -> Text,
        kind -> Text,
        derivation -> Text,
        salt -> Binary,
        verifier -> Binary,
        sealed_secret -> Binary,
        created_at -> BigInt,
    }
}

diesel::table! {
    challenges (id) {
        id -> Text,
        signer_id -> Text,
        purpose -> Text,
        request_id -> Nullable<Text>,
        binding -> Binary,
        key_check -> Binary,
        sealed_secret -> Nullable<Binary>,
        code_hash -> Binary,
        tries_left -> Integer,
        sms_count -> Integer,
        sms_state -> Text,
        created_at -> BigInt,
        expires_at -> BigInt,
        ended_at -> Nullable<BigInt>,
        outcome -> Nullable<Text>,
    }
}

diesel::table! {
    authorities (name) {
        name -> Text,
        certificate -> Binary,
        created_at -> BigInt,
        crl -> Nullable<Binary>,
        crl_number -> BigInt,
        crl_next_update -> Nullable<BigInt>,
        revocations -> BigInt,
        crl_revocations -> BigInt,
    }
}

diesel::table! {
    wrapping_keys (id) {
        id -> Text,
        kek_version -> Integer,
        wrapped_key -> Binary,
        created_at -> BigInt,
        rewrapped_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    credentials (id) {
        id -> Text,
        signer_id -> Text,
        state -> Text,
        algorithm -> Text,
        public_key -> Binary,
        wrapping_key_id -> Nullable<Text>,
        kek_version -> Nullable<Integer>,
        sealed_key -> Nullable<Binary>,
        issuer -> Text,
        certificate_request -> Nullable<Binary>,
        certificate -> Nullable<Binary>,
        chain -> Nullable<Binary>,
        serial -> Nullable<Text>,
        not_before -> Nullable<BigInt>,
        not_after -> Nullable<BigInt>,
        created_at -> BigInt,
        revoked_at -> Nullable<BigInt>,
        revocation_reason -> Nullable<Text>,
    }
}

diesel::table! {
    apps (id) {
        id -> Text,
        name -> Text,
        return_urls -> Text,
        created_at -> BigInt,
        disabled_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    app_tokens (hash) {
        hash -> Binary,
        app_id -> Text,
        created_at -> BigInt,
        expires_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    app_certificates (fingerprint) {
        fingerprint -> Binary,
        app_id -> Text,
        created_at -> BigInt,
        expires_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    requests (id) {
        id -> Text,
        app_id -> Text,
        signer_id -> Text,
        state -> Text,
        reason -> Nullable<Text>,
        title -> Nullable<Text>,
        language -> Text,
        return_url -> Nullable<Text>,
        idempotency_key -> Nullable<Text>,
        idempotency_hash -> Nullable<Binary>,
        created_at -> BigInt,
        expires_at -> BigInt,
        approved_at -> Nullable<BigInt>,
        finished_at -> Nullable<BigInt>,
        delete_at -> BigInt,
        documents_deleted_at -> Nullable<BigInt>,
        credential_id -> Nullable<Text>,
        node -> Nullable<Text>,
        lease_holder -> Nullable<Text>,
        lease_claim -> Nullable<Text>,
        lease_until -> Nullable<BigInt>,
    }
}

diesel::table! {
    documents (id) {
        id -> Text,
        request_id -> Text,
        position -> Integer,
        state -> Text,
        reason -> Nullable<Text>,
        detail -> Nullable<Text>,
        name -> Text,
        title -> Nullable<Text>,
        media_type -> Text,
        format -> Text,
        packaging -> Nullable<Text>,
        digest_algorithm -> Text,
        padding -> Nullable<Text>,
        options -> Text,
        size -> BigInt,
        sha256 -> Binary,
        digest -> Binary,
        digest_midstate -> Binary,
        block_states -> Binary,
        acceptance_mac -> Binary,
        object_key -> Nullable<Text>,
        signed_object_key -> Nullable<Text>,
        signed_kept -> Nullable<Text>,
        signed_size -> Nullable<BigInt>,
        signed_sha256 -> Nullable<Binary>,
        signed_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    sads (id) {
        id -> Text,
        request_id -> Text,
        claim_id -> Text,
        credential_id -> Text,
        spent_at -> BigInt,
    }
}

diesel::table! {
    journal (node, seq) {
        node -> Text,
        seq -> BigInt,
        at -> BigInt,
        event -> Text,
        request_id -> Nullable<Text>,
        body -> Text,
        previous -> Binary,
        hash -> Binary,
    }
}

diesel::table! {
    journal_checkpoints (node, seq) {
        node -> Text,
        seq -> BigInt,
        statement -> Text,
        key -> Text,
        signature -> Binary,
    }
}

diesel::table! {
    journal_archives (node, seq) {
        node -> Text,
        seq -> BigInt,
        statement -> Text,
        key -> Text,
        signature -> Binary,
    }
}

diesel::table! {
    journal_archivers (node) {
        node -> Text,
        holder -> Text,
        held_until -> BigInt,
    }
}

diesel::table! {
    nodes (name) {
        name -> Text,
        seen_at -> BigInt,
    }
}

diesel::table! {
    duties (name) {
        name -> Text,
        node -> Text,
        held_until -> BigInt,
    }
}

diesel::joinable!(app_tokens -> apps (app_id));
diesel::joinable!(app_certificates -> apps (app_id));
diesel::joinable!(credentials -> wrapping_keys (wrapping_key_id));

diesel::allow_tables_to_appear_in_same_query!(
    signers,
    unknown_tries,
    keyslots,
    challenges,
    authorities,
    wrapping_keys,
    credentials,
    apps,
    app_tokens,
    app_certificates,
    requests,
    documents,
    sads,
    journal,
    journal_checkpoints,
    journal_archives,
    journal_archivers,
    nodes,
    duties,
);
