//! Sentences to the database about labels, their people and their drafts.

use diesel::prelude::*;
use federation::digest::Sha256Digest;
use settlement::{PartyId, Uri};

use super::drafts::{Draft, DraftWork, ReleaseFacts, Upload, WorkFacts};
use crate::catalogue::Role;
use crate::db::Conn;
use crate::schema::{
    label_invitations, label_people, members, parties, release_draft_works as draft_works,
    release_drafts as drafts,
};

fn unreadable(what: impl std::fmt::Display) -> diesel::result::Error {
    diesel::result::Error::DeserializationError(what.to_string().into())
}

/// The label of this name at home on `origin`, letter by letter.
pub fn label_named(conn: &mut Conn, origin: &str, name: &str) -> QueryResult<Option<PartyId>> {
    let id: Option<String> = parties::table
        .filter(parties::origin.eq(origin))
        .filter(parties::name.eq(name))
        .filter(parties::kind.eq(Role::Label.as_str()))
        .order_by((parties::created_us, parties::id))
        .select(parties::id)
        .first(conn)
        .optional()?;
    id.map(|id| PartyId::parse(&id).map_err(unreadable))
        .transpose()
}

/// The labels of `origin` that somebody acts for or was invited to, by name; those of one member if
/// asked.
pub fn labels(
    conn: &mut Conn,
    origin: &str,
    of: Option<&str>,
) -> QueryResult<Vec<(PartyId, String)>> {
    let mut question = parties::table
        .filter(parties::origin.eq(origin))
        .filter(parties::kind.eq(Role::Label.as_str()))
        .order_by((parties::name, parties::id))
        .limit(500)
        .select((parties::id, parties::name))
        .into_boxed();
    question = match of {
        Some(member) => question.filter(
            parties::id.eq_any(
                label_people::table
                    .filter(label_people::member_id.eq(member.to_owned()))
                    .select(label_people::party_id),
            ),
        ),
        None => question,
    };
    let rows: Vec<(String, String)> = question.load(conn)?;
    rows.into_iter()
        .map(|(id, name)| Ok((PartyId::parse(&id).map_err(unreadable)?, name)))
        .collect()
}

/// The names of the people who act for a label.
pub fn people(conn: &mut Conn, label: &PartyId) -> QueryResult<Vec<String>> {
    label_people::table
        .inner_join(members::table.on(members::id.eq(label_people::member_id)))
        .filter(label_people::party_id.eq(label.as_str()))
        .order_by((label_people::since_us, members::name))
        .select(members::name)
        .load(conn)
}

/// Whether a member acts for a label.
pub fn acts_for(conn: &mut Conn, member: &str, label: &PartyId) -> QueryResult<bool> {
    let count: i64 = label_people::table
        .find((label.as_str(), member))
        .count()
        .get_result(conn)?;
    Ok(count > 0)
}

/// Lets a member act for a label.
pub fn add_person(conn: &mut Conn, label: &PartyId, member: &str, now_us: i64) -> QueryResult<()> {
    if acts_for(conn, member, label)? {
        return Ok(());
    }
    diesel::insert_into(label_people::table)
        .values((
            label_people::party_id.eq(label.as_str()),
            label_people::member_id.eq(member),
            label_people::since_us.eq(now_us),
        ))
        .execute(conn)?;
    Ok(())
}

/// Keeps an invitation.
pub fn add_invitation(
    conn: &mut Conn,
    label: &PartyId,
    code_digest: &str,
    now_us: i64,
    expires_us: i64,
) -> QueryResult<()> {
    diesel::insert_into(label_invitations::table)
        .values((
            label_invitations::code_digest.eq(code_digest),
            label_invitations::party_id.eq(label.as_str()),
            label_invitations::issued_us.eq(now_us),
            label_invitations::expires_us.eq(expires_us),
        ))
        .execute(conn)?;
    Ok(())
}

/// The label an invitation is for, while it is good.
pub fn invitation(conn: &mut Conn, code_digest: &str, now_us: i64) -> QueryResult<Option<PartyId>> {
    let id: Option<String> = label_invitations::table
        .find(code_digest)
        .filter(label_invitations::used_us.is_null())
        .filter(label_invitations::expires_us.gt(now_us))
        .select(label_invitations::party_id)
        .first(conn)
        .optional()?;
    id.map(|id| PartyId::parse(&id).map_err(unreadable))
        .transpose()
}

/// Uses an invitation up; whether it was still good.
pub fn use_invitation(
    conn: &mut Conn,
    code_digest: &str,
    member: &str,
    now_us: i64,
) -> QueryResult<bool> {
    let good = label_invitations::table
        .find(code_digest)
        .filter(label_invitations::used_us.is_null())
        .filter(label_invitations::expires_us.gt(now_us));
    let used = diesel::update(good)
        .set((
            label_invitations::used_us.eq(now_us),
            label_invitations::used_by.eq(member),
        ))
        .execute(conn)?;
    Ok(used > 0)
}

type DraftRow = (
    String,
    String,
    String,
    Option<String>,
    Option<String>,
    i64,
    i64,
    Option<i64>,
);
type WorkRow = (
    (String, i64, String),
    (String, String, String, String, i64, i64),
);

fn read_draft(conn: &mut Conn, row: DraftRow) -> QueryResult<Draft> {
    let (id, label, facts, cover, release, created_us, updated_us, published_us) = row;
    let works = works(conn, &id)?;
    Ok(Draft {
        label: PartyId::parse(&label).map_err(unreadable)?,
        facts: serde_json::from_str::<ReleaseFacts>(&facts).map_err(unreadable)?,
        cover: cover
            .map(|digest| digest.parse().map_err(unreadable))
            .transpose()?,
        release: release
            .map(|id| Uri::parse(&id).map_err(unreadable))
            .transpose()?,
        id,
        created_us,
        updated_us,
        published_us,
        works,
    })
}

fn works(conn: &mut Conn, draft: &str) -> QueryResult<Vec<DraftWork>> {
    let rows: Vec<WorkRow> = draft_works::table
        .filter(draft_works::draft_id.eq(draft))
        .order_by((draft_works::position, draft_works::id))
        .select((
            (draft_works::id, draft_works::position, draft_works::facts),
            (
                draft_works::file,
                draft_works::file_name,
                draft_works::sound,
                draft_works::media_type,
                draft_works::size,
                draft_works::duration_ms,
            ),
        ))
        .load(conn)?;
    rows.into_iter()
        .map(|((id, position, facts), file)| {
            let (digest, name, sound, media_type, size, duration_ms) = file;
            Ok(DraftWork {
                id,
                position,
                facts: serde_json::from_str::<WorkFacts>(&facts).map_err(unreadable)?,
                file: Upload {
                    digest: digest.parse().map_err(unreadable)?,
                    name,
                    sound,
                    media_type,
                    size: u64::try_from(size).map_err(unreadable)?,
                    duration_ms: u64::try_from(duration_ms).map_err(unreadable)?,
                },
            })
        })
        .collect()
}

/// The draft of this id.
pub fn draft(conn: &mut Conn, id: &str) -> QueryResult<Option<Draft>> {
    let row: Option<DraftRow> = drafts::table.find(id).first(conn).optional()?;
    row.map(|row| read_draft(conn, row)).transpose()
}

/// A label's drafts, what was changed last first.
pub fn drafts_of(conn: &mut Conn, label: &PartyId, limit: i64) -> QueryResult<Vec<Draft>> {
    let rows: Vec<DraftRow> = drafts::table
        .filter(drafts::party_id.eq(label.as_str()))
        .order_by((drafts::updated_us.desc(), drafts::id))
        .limit(limit)
        .load(conn)?;
    rows.into_iter().map(|row| read_draft(conn, row)).collect()
}

/// How many drafts of a label are not published.
pub fn open_drafts(conn: &mut Conn, label: &PartyId) -> QueryResult<i64> {
    drafts::table
        .filter(drafts::party_id.eq(label.as_str()))
        .filter(drafts::published_us.is_null())
        .count()
        .get_result(conn)
}

/// Writes a draft, new or changed; not its works.
pub fn put_draft(conn: &mut Conn, draft: &Draft) -> QueryResult<()> {
    let facts = serde_json::to_string(&draft.facts).map_err(unreadable)?;
    let values = (
        drafts::party_id.eq(draft.label.as_str()),
        drafts::facts.eq(facts),
        drafts::cover.eq(draft.cover.map(|digest| digest.to_string())),
        drafts::release_id.eq(draft.release.as_ref().map(|id| id.as_str().to_owned())),
        drafts::created_us.eq(draft.created_us),
        drafts::updated_us.eq(draft.updated_us),
        drafts::published_us.eq(draft.published_us),
    );
    let changed = diesel::update(drafts::table.find(&draft.id))
        .set(values.clone())
        .execute(conn)?;
    if changed == 0 {
        diesel::insert_into(drafts::table)
            .values((drafts::id.eq(&draft.id), values))
            .execute(conn)?;
    }
    Ok(())
}

/// Forgets a draft and its works.
pub fn drop_draft(conn: &mut Conn, id: &str) -> QueryResult<()> {
    diesel::delete(draft_works::table.filter(draft_works::draft_id.eq(id))).execute(conn)?;
    diesel::delete(drafts::table.find(id)).execute(conn)?;
    Ok(())
}

/// Writes a work of a draft, new or changed.
pub fn put_work(conn: &mut Conn, draft: &str, work: &DraftWork) -> QueryResult<()> {
    let facts = serde_json::to_string(&work.facts).map_err(unreadable)?;
    let file = &work.file;
    let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let values = (
        draft_works::draft_id.eq(draft),
        draft_works::position.eq(work.position),
        draft_works::facts.eq(facts),
        draft_works::file.eq(file.digest.to_string()),
        draft_works::file_name.eq(&file.name),
        draft_works::sound.eq(&file.sound),
        draft_works::media_type.eq(&file.media_type),
        draft_works::size.eq(number(file.size)),
        draft_works::duration_ms.eq(number(file.duration_ms)),
    );
    let changed = diesel::update(draft_works::table.find(&work.id))
        .set(values.clone())
        .execute(conn)?;
    if changed == 0 {
        diesel::insert_into(draft_works::table)
            .values((draft_works::id.eq(&work.id), values))
            .execute(conn)?;
    }
    Ok(())
}

/// Takes a work out of its draft.
pub fn drop_work(conn: &mut Conn, id: &str) -> QueryResult<()> {
    diesel::delete(draft_works::table.find(id)).execute(conn)?;
    Ok(())
}

/// Whether a draft needs this file.
pub fn needs_file(conn: &mut Conn, digest: &Sha256Digest) -> QueryResult<bool> {
    let count: i64 = draft_works::table
        .filter(draft_works::file.eq(digest.to_string()))
        .count()
        .get_result(conn)?;
    Ok(count > 0)
}
