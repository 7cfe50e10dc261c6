//! The tables as diesel sees them. Kept by hand beside `migrations/`; a test compares the two.

#![allow(missing_docs, reason = "the columns are described in migrations/")]

diesel::table! {
    notes (id) {
        id -> Text,
        actor_id -> Text,
        page -> Text,
        words -> Text,
        published_us -> BigInt,
    }
}

diesel::table! {
    members (id) {
        id -> Text,
        kind -> Text,
        name -> Text,
        name_key -> Text,
        password_hash -> Nullable<Text>,
        language -> Text,
        joined_us -> BigInt,
    }
}

diesel::table! {
    sessions (token_digest) {
        token_digest -> Text,
        member_id -> Text,
        venue_id -> Nullable<Text>,
        created_us -> BigInt,
        expires_us -> BigInt,
        proved -> Bool,
    }
}

diesel::table! {
    second_steps (member_id) {
        member_id -> Text,
        secret -> Text,
        confirmed_us -> Nullable<BigInt>,
        last_step -> BigInt,
    }
}

diesel::table! {
    recovery_codes (code_digest) {
        code_digest -> Text,
        member_id -> Text,
        used_us -> Nullable<BigInt>,
    }
}

diesel::table! {
    passkeys (id) {
        id -> Text,
        member_id -> Text,
        credential -> Text,
        public_key -> Text,
        state -> Text,
        name -> Text,
        added_us -> BigInt,
        used_us -> Nullable<BigInt>,
    }
}

diesel::table! {
    passkey_challenges (token_digest) {
        token_digest -> Text,
        purpose -> Text,
        member_id -> Nullable<Text>,
        challenge -> Text,
        expires_us -> BigInt,
    }
}

diesel::table! {
    known_browsers (token_digest) {
        token_digest -> Text,
        member_id -> Text,
        expires_us -> BigInt,
    }
}

diesel::table! {
    reset_codes (code_digest) {
        code_digest -> Text,
        member_id -> Text,
        issued_us -> BigInt,
        expires_us -> BigInt,
        used_us -> Nullable<BigInt>,
    }
}

diesel::table! {
    guesses (subject) {
        subject -> Text,
        wrong -> BigInt,
        last_us -> BigInt,
    }
}

diesel::table! {
    public_members (handle) {
        handle -> Text,
        member_id -> Text,
        name -> Text,
        since_us -> BigInt,
        until_us -> Nullable<BigInt>,
    }
}

diesel::table! {
    member_follows (member_id, actor_id) {
        member_id -> Text,
        actor_id -> Text,
        since_us -> BigInt,
    }
}

diesel::table! {
    venues (id) {
        id -> Text,
        slug -> Text,
        name -> Text,
        seats -> BigInt,
        colour -> Text,
        created_us -> BigInt,
    }
}

diesel::table! {
    contributions (id) {
        id -> Text,
        venue_id -> Text,
        amount_minor -> BigInt,
        first_period -> Text,
        received_us -> BigInt,
    }
}

diesel::table! {
    contribution_parts (contribution_id, month) {
        contribution_id -> Text,
        month -> BigInt,
        period -> Text,
        amount_minor -> BigInt,
    }
}

diesel::table! {
    memberships (member_id, venue_id) {
        member_id -> Text,
        venue_id -> Text,
        since_us -> BigInt,
        until_us -> Nullable<BigInt>,
    }
}

diesel::table! {
    staff (member_id, venue_id, role) {
        member_id -> Text,
        venue_id -> Text,
        role -> Text,
        since_us -> BigInt,
    }
}

diesel::table! {
    invitations (code_digest) {
        code_digest -> Text,
        venue_id -> Text,
        issued_us -> BigInt,
        expires_us -> BigInt,
        used_us -> Nullable<BigInt>,
        used_by -> Nullable<Text>,
        revoked_us -> Nullable<BigInt>,
        batch_id -> Nullable<Text>,
    }
}

diesel::table! {
    invitation_batches (id) {
        id -> Text,
        venue_id -> Text,
        kind -> Text,
        made_us -> BigInt,
        expires_us -> BigInt,
    }
}

diesel::table! {
    posts (id) {
        id -> Text,
        member_id -> Text,
        venue_id -> Text,
        name -> Text,
        public_key -> Text,
        enrolled_us -> BigInt,
        revoked_us -> Nullable<BigInt>,
    }
}

diesel::table! {
    plays (id) {
        id -> Text,
        member_id -> Text,
        venue_id -> Text,
        work_id -> Text,
        selection_id -> Nullable<Text>,
        post_id -> Nullable<Text>,
        started_us -> BigInt,
        seconds -> BigInt,
        received_us -> BigInt,
        period -> Text,
    }
}

diesel::table! {
    parties (id) {
        id -> Text,
        kind -> Text,
        name -> Text,
        origin -> Text,
        created_us -> BigInt,
    }
}

diesel::table! {
    releases (id) {
        id -> Text,
        origin -> Text,
        title -> Text,
        credit -> Text,
        artist_id -> Nullable<Text>,
        label_id -> Nullable<Text>,
        label -> Nullable<Text>,
        icpn -> Nullable<Text>,
        year -> Nullable<BigInt>,
        genre -> Nullable<Text>,
        cover -> Nullable<Text>,
        cover_url -> Nullable<Text>,
        territory -> Nullable<Text>,
        document -> Nullable<Text>,
        grouping -> Nullable<Text>,
        created_us -> BigInt,
        updated_us -> BigInt,
        withdrawn_us -> Nullable<BigInt>,
    }
}

diesel::table! {
    works (id) {
        id -> Text,
        origin -> Text,
        kind -> Text,
        title -> Text,
        credit -> Text,
        artist_id -> Nullable<Text>,
        release_id -> Nullable<Text>,
        disc -> Nullable<BigInt>,
        position -> Nullable<BigInt>,
        isrc -> Nullable<Text>,
        territory -> Nullable<Text>,
        duration_ms -> BigInt,
        media -> Nullable<Text>,
        media_url -> Nullable<Text>,
        media_type -> Nullable<Text>,
        media_size -> Nullable<BigInt>,
        genre -> Nullable<Text>,
        year -> Nullable<BigInt>,
        document -> Nullable<Text>,
        created_us -> BigInt,
        updated_us -> BigInt,
        withdrawn_us -> Nullable<BigInt>,
        rights -> Nullable<Text>,
        closed -> Bool,
        turns_us -> Nullable<BigInt>,
    }
}

diesel::table! {
    contributors (work_id, party_id, role) {
        work_id -> Text,
        party_id -> Text,
        role -> Text,
    }
}

diesel::table! {
    media (digest) {
        digest -> Text,
        sound -> Text,
        media_type -> Text,
        size -> BigInt,
        created_us -> BigInt,
    }
}

diesel::table! {
    cached_media (work_id) {
        work_id -> Text,
        digest -> Nullable<Text>,
        size -> BigInt,
        used_us -> BigInt,
    }
}

diesel::table! {
    measures (digest) {
        digest -> Text,
        loudness_mlufs -> Nullable<BigInt>,
        peak_micro -> BigInt,
        peaks -> Text,
    }
}

diesel::table! {
    split_sheets (work_id, valid_from) {
        work_id -> Text,
        valid_from -> Text,
        logged_us -> BigInt,
        document -> Text,
    }
}

diesel::table! {
    imports (id) {
        id -> Text,
        path -> Text,
        started_us -> BigInt,
        ended_us -> Nullable<BigInt>,
        taken -> BigInt,
        known -> BigInt,
        refused -> BigInt,
    }
}

diesel::table! {
    import_refusals (import_id, file) {
        import_id -> Text,
        file -> Text,
        reason -> Text,
    }
}

diesel::table! {
    identifiers (subject, scheme, value) {
        subject -> Text,
        scheme -> Text,
        value -> Text,
    }
}

diesel::table! {
    credits (work_id, position) {
        work_id -> Text,
        position -> BigInt,
        party_id -> Text,
        role -> Text,
    }
}

diesel::table! {
    mandates (subject) {
        subject -> Text,
        licensor -> Text,
        granted -> Text,
        scope -> Text,
        society -> Nullable<Text>,
        stated -> Bool,
        recorded_us -> BigInt,
    }
}

diesel::table! {
    provenances (key) {
        key -> Text,
        subject -> Text,
        digest -> Text,
        dated_us -> BigInt,
        recorded_us -> BigInt,
    }
}

diesel::table! {
    also_on (release_id, work_id) {
        release_id -> Text,
        work_id -> Text,
        disc -> Nullable<BigInt>,
        position -> Nullable<BigInt>,
    }
}

diesel::table! {
    split_changes (id) {
        id -> Text,
        work_id -> Text,
        state -> Text,
        shares -> Text,
        proposed_us -> BigInt,
        ripens_us -> BigInt,
        decided_us -> Nullable<BigInt>,
        valid_from -> Nullable<Text>,
    }
}

diesel::table! {
    split_change_parties (change_id, party_id) {
        change_id -> Text,
        party_id -> Text,
        before_bp -> BigInt,
        after_bp -> BigInt,
        confirmed_us -> Nullable<BigInt>,
    }
}

diesel::table! {
    notices (id) {
        id -> Text,
        party_id -> Text,
        kind -> Text,
        work_id -> Text,
        about -> Text,
        told_us -> BigInt,
    }
}

diesel::table! {
    cases (id) {
        id -> Text,
        number -> BigInt,
        kind -> Text,
        subject -> Text,
        words -> Text,
        sender -> Text,
        contact -> Text,
        sender_digest -> Text,
        other_digest -> Text,
        received_us -> BigInt,
        due_us -> BigInt,
        decision -> Nullable<Text>,
        reason -> Nullable<Text>,
        decided_us -> Nullable<BigInt>,
        appeal -> Nullable<Text>,
        appealed_by -> Nullable<Text>,
        appealed_us -> Nullable<BigInt>,
        appeal_due_us -> Nullable<BigInt>,
        appeal_decision -> Nullable<Text>,
        appeal_reason -> Nullable<Text>,
        appeal_decided_us -> Nullable<BigInt>,
    }
}

diesel::table! {
    claims (first_work, second_work) {
        first_work -> Text,
        second_work -> Text,
        isrc -> Text,
        state -> Text,
        found_us -> BigInt,
        settled_us -> Nullable<BigInt>,
        note -> Nullable<Text>,
    }
}

diesel::table! {
    selections (id) {
        id -> Text,
        origin -> Text,
        venue_id -> Text,
        venue_name -> Text,
        title -> Text,
        words -> Text,
        colour -> Text,
        territory -> Nullable<Text>,
        document -> Nullable<Text>,
        published_us -> BigInt,
        updated_us -> BigInt,
        withdrawn_us -> Nullable<BigInt>,
    }
}

diesel::table! {
    selection_works (selection_id, position) {
        selection_id -> Text,
        position -> BigInt,
        work_id -> Text,
        note -> Text,
    }
}

diesel::table! {
    drafts (id) {
        id -> Text,
        venue_id -> Text,
        selection_id -> Nullable<Text>,
        body -> Text,
        publish_us -> Nullable<BigInt>,
        unpublish_us -> Nullable<BigInt>,
        updated_us -> BigInt,
        updated_by -> Text,
        missed_us -> Nullable<BigInt>,
        missed_why -> Nullable<Text>,
    }
}

diesel::table! {
    selection_details (selection_id) {
        selection_id -> Text,
        language -> Nullable<Text>,
        other_title -> Nullable<Text>,
        other_words -> Nullable<Text>,
        picture -> Nullable<Text>,
        picture_url -> Nullable<Text>,
        answers -> Nullable<Text>,
    }
}

diesel::table! {
    favourites (member_id, work_id) {
        member_id -> Text,
        work_id -> Text,
        since_us -> BigInt,
    }
}

diesel::table! {
    playlists (id) {
        id -> Text,
        member_id -> Text,
        title -> Text,
        created_us -> BigInt,
        updated_us -> BigInt,
    }
}

diesel::table! {
    playlist_entries (playlist_id, position) {
        playlist_id -> Text,
        position -> BigInt,
        work_id -> Nullable<Text>,
        title -> Text,
        credit -> Text,
        duration_ms -> Nullable<BigInt>,
        isrc -> Nullable<Text>,
    }
}

diesel::table! {
    unseen_plays (play_id) {
        play_id -> Text,
        member_id -> Text,
    }
}

diesel::table! {
    peers (origin) {
        origin -> Text,
        actor_id -> Text,
        name -> Text,
        territory -> Nullable<Text>,
        currency -> Nullable<Text>,
        inbox -> Text,
        outbox -> Nullable<Text>,
        ed25519 -> Nullable<Text>,
        ed25519_id -> Nullable<Text>,
        rsa_pem -> Nullable<Text>,
        rsa_id -> Nullable<Text>,
        standing -> Text,
        following -> Text,
        follower -> Bool,
        fetched_us -> BigInt,
        heard_us -> Nullable<BigInt>,
        failing_since_us -> Nullable<BigInt>,
        next_try_us -> BigInt,
        attempts -> BigInt,
        last_error -> Nullable<Text>,
        pulled_until -> Nullable<Text>,
        pulled_us -> Nullable<BigInt>,
    }
}

diesel::table! {
    hearing (origin) {
        origin -> Text,
        since_us -> BigInt,
        newest -> Nullable<Text>,
        asked_us -> BigInt,
    }
}

diesel::table! {
    key_changes (sequence) {
        sequence -> BigInt,
        statement -> Text,
        changed_us -> BigInt,
    }
}

diesel::table! {
    old_keys (actor_id, key_id, ed25519) {
        actor_id -> Text,
        key_id -> Text,
        ed25519 -> Text,
        until_us -> BigInt,
    }
}

diesel::table! {
    held_peers (origin) {
        origin -> Text,
        shown -> Text,
        reason -> Text,
        held_us -> BigInt,
    }
}

diesel::table! {
    outbox (id) {
        id -> Text,
        activity -> Text,
        public -> Bool,
        created_us -> BigInt,
        actor_id -> Text,
        kind -> Text,
        object_id -> Nullable<Text>,
    }
}

diesel::table! {
    actors (id) {
        id -> Text,
        origin -> Text,
        kind -> Text,
        name -> Text,
        username -> Nullable<Text>,
        page -> Nullable<Text>,
        inbox -> Text,
        shared_inbox -> Nullable<Text>,
        outbox -> Nullable<Text>,
        ed25519 -> Nullable<Text>,
        ed25519_id -> Nullable<Text>,
        rsa_pem -> Nullable<Text>,
        rsa_id -> Nullable<Text>,
        fetched_us -> BigInt,
    }
}

diesel::table! {
    followers (local_id, actor_id) {
        local_id -> Text,
        actor_id -> Text,
        origin -> Text,
        inbox -> Text,
        follow_id -> Text,
        since_us -> BigInt,
    }
}

diesel::table! {
    followings (local_id, actor_id) {
        local_id -> Text,
        actor_id -> Text,
        state -> Text,
        follow_id -> Text,
        since_us -> BigInt,
    }
}

diesel::table! {
    deliveries (id) {
        id -> Text,
        activity_id -> Text,
        peer_origin -> Text,
        inbox -> Text,
        money -> Bool,
        queued_us -> BigInt,
        delivered_us -> Nullable<BigInt>,
        given_up_us -> Nullable<BigInt>,
        attempts -> BigInt,
        next_try_us -> BigInt,
        last_error -> Nullable<Text>,
    }
}

diesel::table! {
    inbox (activity_id) {
        activity_id -> Text,
        origin -> Text,
        actor_id -> Text,
        activity -> Text,
        received_us -> BigInt,
        attempts -> BigInt,
        done_us -> Nullable<BigInt>,
        outcome -> Nullable<Text>,
        signature -> Nullable<Text>,
    }
}

diesel::table! {
    replays (fingerprint) {
        fingerprint -> Text,
        seen_us -> BigInt,
    }
}

diesel::table! {
    tombstones (id) {
        id -> Text,
        deleted_us -> BigInt,
    }
}

diesel::table! {
    periods (period) {
        period -> Text,
        state -> Text,
        closed_us -> Nullable<BigInt>,
    }
}

diesel::table! {
    reports (id) {
        id -> Text,
        period -> Text,
        sequence -> BigInt,
        state -> Text,
        manifest -> Text,
        manifest_digest -> Text,
        folder -> Text,
        made_us -> BigInt,
        offered_us -> Nullable<BigInt>,
        answered_us -> Nullable<BigInt>,
        answer -> Nullable<Text>,
        reason -> Nullable<Text>,
    }
}

diesel::table! {
    policies (digest) {
        digest -> Text,
        id -> Text,
        body -> Text,
        learned_us -> BigInt,
    }
}

diesel::table! {
    received_reports (id) {
        id -> Text,
        node_id -> Text,
        origin -> Text,
        period -> Text,
        sequence -> BigInt,
        state -> Text,
        manifest -> Text,
        manifest_digest -> Text,
        folder -> Nullable<Text>,
        offered_us -> BigInt,
        attempts -> BigInt,
        next_try_us -> BigInt,
        answered_us -> Nullable<BigInt>,
        answer -> Nullable<Text>,
        reason -> Nullable<Text>,
    }
}

diesel::table! {
    settlements (id) {
        id -> Text,
        period -> Text,
        coordinator_id -> Text,
        document -> Text,
        digest -> Text,
        folder -> Nullable<Text>,
        state -> Text,
        reason -> Nullable<Text>,
        attempts -> BigInt,
        next_try_us -> BigInt,
        published_us -> BigInt,
        answered_us -> Nullable<BigInt>,
    }
}

diesel::table! {
    countersignatures (settlement_id, node_id) {
        settlement_id -> Text,
        node_id -> Text,
        agreed -> Bool,
        reason -> Nullable<Text>,
        document -> Text,
        received_us -> BigInt,
    }
}

diesel::table! {
    node_statements (settlement_id, node_id) {
        settlement_id -> Text,
        node_id -> Text,
        contributed_micro -> BigInt,
        rights_micro -> BigInt,
        fund_micro -> BigInt,
        node_micro -> BigInt,
        coordinator_micro -> BigInt,
        earned_micro -> BigInt,
        adjusted_micro -> BigInt,
        position_micro -> BigInt,
    }
}

diesel::table! {
    party_statements (settlement_id, party_id) {
        settlement_id -> Text,
        party_id -> Text,
        carried_in_micro -> BigInt,
        earned_micro -> BigInt,
        adjusted_micro -> BigInt,
        payable_minor -> BigInt,
        carried_out_micro -> BigInt,
    }
}

diesel::table! {
    party_earnings (settlement_id, party_id, territory, work_id) {
        settlement_id -> Text,
        party_id -> Text,
        territory -> Text,
        work_id -> Text,
        uses -> BigInt,
        share_bp -> BigInt,
        of_micro -> BigInt,
        amount_micro -> BigInt,
    }
}

diesel::table! {
    venue_payments (settlement_id, venue_id, work_id) {
        settlement_id -> Text,
        venue_id -> Text,
        work_id -> Text,
        uses -> BigInt,
        amount_micro -> BigInt,
    }
}

diesel::table! {
    search_changes (seq) {
        seq -> BigInt,
        what -> Text,
        id -> Text,
    }
}

diesel::table! {
    search_epoch (epoch) {
        epoch -> Text,
    }
}

diesel::table! {
    brought_names (member_id, name_key) {
        member_id -> Text,
        name_key -> Text,
        times -> BigInt,
    }
}

diesel::table! {
    name_pairs (name_key, credit, venue_id) {
        name_key -> Text,
        credit -> Text,
        venue_id -> Text,
        name -> Text,
        since_us -> BigInt,
    }
}

diesel::table! {
    label_people (party_id, member_id) {
        party_id -> Text,
        member_id -> Text,
        since_us -> BigInt,
    }
}

diesel::table! {
    label_invitations (code_digest) {
        code_digest -> Text,
        party_id -> Text,
        issued_us -> BigInt,
        expires_us -> BigInt,
        used_us -> Nullable<BigInt>,
        used_by -> Nullable<Text>,
    }
}

diesel::table! {
    release_drafts (id) {
        id -> Text,
        party_id -> Text,
        facts -> Text,
        cover -> Nullable<Text>,
        release_id -> Nullable<Text>,
        created_us -> BigInt,
        updated_us -> BigInt,
        published_us -> Nullable<BigInt>,
    }
}

diesel::table! {
    release_draft_works (id) {
        id -> Text,
        draft_id -> Text,
        position -> BigInt,
        facts -> Text,
        file -> Text,
        file_name -> Text,
        sound -> Text,
        media_type -> Text,
        size -> BigInt,
        duration_ms -> BigInt,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    label_people,
    label_invitations,
    release_drafts,
    release_draft_works,
    brought_names,
    name_pairs,
    members,
    sessions,
    second_steps,
    recovery_codes,
    passkeys,
    passkey_challenges,
    known_browsers,
    reset_codes,
    guesses,
    public_members,
    member_follows,
    venues,
    contributions,
    contribution_parts,
    memberships,
    staff,
    invitations,
    invitation_batches,
    posts,
    plays,
    parties,
    releases,
    works,
    contributors,
    media,
    cached_media,
    measures,
    split_sheets,
    imports,
    import_refusals,
    identifiers,
    credits,
    mandates,
    provenances,
    also_on,
    split_changes,
    split_change_parties,
    notices,
    cases,
    claims,
    selections,
    selection_works,
    drafts,
    selection_details,
    favourites,
    playlists,
    playlist_entries,
    unseen_plays,
    peers,
    hearing,
    key_changes,
    old_keys,
    held_peers,
    actors,
    followers,
    followings,
    outbox,
    deliveries,
    inbox,
    replays,
    tombstones,
    notes,
    periods,
    reports,
    policies,
    received_reports,
    settlements,
    countersignatures,
    node_statements,
    party_statements,
    party_earnings,
    venue_payments,
    search_changes,
    search_epoch,
);
