//! Listening posts: devices with a key of their own, which sign what they send.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use federation::keys::{Ed25519Public, PublicKey};
use federation::signature::{self, Incoming, Policy};
use settlement::VenueId;

use super::store;
use crate::Node;
use crate::members::code::Code;
use crate::members::{self, SignedIn};
use crate::names::{self, NoName};
use crate::venues::{self, Venue};
use crate::web::{App, Complaint, Refusal};
use crate::words::Say;

/// The longest name of a post, in characters.
pub const NAME_LIMIT: usize = 60;
/// The most devices one member has.
pub const DEVICES: usize = 20;

/// A listening post as the database holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Post {
    /// Its URI, under which it signs.
    pub id: String,
    /// The member it plays as: itself, or the person whose device it is.
    pub member_id: String,
    /// The venue it listens through.
    pub venue: VenueId,
    /// As the people beside it call it.
    pub name: String,
    /// The key it signs with.
    pub public_key: Ed25519Public,
    /// When it was enrolled, in microseconds since 1970 UTC.
    pub enrolled_us: i64,
    /// Since when it is not believed any more.
    pub revoked_us: Option<i64>,
}

/// A post whose signature on this request was verified.
#[derive(Clone, Debug)]
pub struct SignedPost {
    /// Its URI.
    pub id: String,
    /// The member it plays as.
    pub member_id: String,
    /// The venue it listens through.
    pub venue: VenueId,
    /// When it was enrolled, in microseconds since 1970 UTC.
    pub enrolled_us: i64,
}

/// Who may listen: somebody who is signed in, or a signed listening post.
#[derive(Clone, Debug)]
pub enum Listener {
    /// Somebody who is signed in.
    Member(SignedIn),
    /// A listening post.
    Post(SignedPost),
}

/// What a post says of itself when it is enrolled.
#[derive(Clone, Debug)]
pub struct Enrolling {
    /// As the people beside it call it.
    pub name: String,
    /// Its Ed25519 key, as Multikey.
    pub public_key: String,
}

impl Enrolling {
    fn checked(&self) -> Result<(String, Ed25519Public), Refusal> {
        let name = names::one_line(&self.name, NAME_LIMIT).map_err(|why| Complaint {
            field: "name",
            say: match why {
                NoName::Empty => Say::new("listening-post-name-empty"),
                NoName::TooLong => Say::new("listening-post-name-long").with("limit", NAME_LIMIT),
                NoName::Unseen => Say::new("listening-post-name-unseen"),
            },
        });
        let key = match self.public_key.len() {
            ..=256 => self.public_key.parse::<Ed25519Public>().ok(),
            _ => None,
        };
        let key = key.ok_or_else(|| Complaint {
            field: "public_key",
            say: Say::new("listening-post-key"),
        });
        match (name, key) {
            (Ok(name), Ok(key)) => Ok((name, key)),
            (name, key) => Err(Refusal::Invalid(
                name.err().into_iter().chain(key.err()).collect(),
            )),
        }
    }
}

/// Enrols a post with an invitation of a venue: it becomes a member without a face. The same post
/// asking again with the same code, because the answer was lost on the way, is answered alike.
pub async fn enrol(
    node: &App,
    code: &str,
    enrolling: &Enrolling,
) -> Result<(Post, Venue), Refusal> {
    let (name, public_key) = enrolling.checked()?;
    let code =
        Code::read(code).ok_or_else(|| Refusal::field("code", Say::new("members-code-form")))?;
    if let Err(refusal) = members::check_invitation(node, &code).await {
        let again = enrolled_before(node, code, public_key).await?;
        return again.ok_or(refusal);
    }
    let app = node.clone();
    node.db
        .write(move |conn| {
            let now_us = app.clock.now_us();
            let uuid = app.clock.fresh_id();
            // The last twelve digits are the ones that are drawn.
            let short_id = uuid.rsplit('-').next().unwrap_or(&uuid);
            let member = members::add_post(conn, &app, short_id, now_us)?;
            let venue = members::use_invitation(conn, &code, &member, now_us)?;
            members::store::add_membership(conn, &member.id, &venue, now_us)?;
            let post = Post {
                id: app.config.uri(&format!("/posts/{uuid}")),
                member_id: member.id,
                venue,
                name,
                public_key,
                enrolled_us: now_us,
                revoked_us: None,
            };
            store::add_post(conn, &post)?;
            let venue = venues::store::venue(conn, &post.venue)?.ok_or(Refusal::Missing)?;
            Ok((post, venue))
        })
        .await
}

async fn enrolled_before(
    node: &Node,
    code: Code,
    public_key: Ed25519Public,
) -> Result<Option<(Post, Venue)>, Refusal> {
    node.db
        .read(move |conn| {
            let used_by = venues::store::invitation(conn, &code.digest())?.and_then(|i| i.used_by);
            let Some(member) = used_by else {
                return Ok::<_, Refusal>(None);
            };
            let posts = store::posts_of(conn, &member)?;
            let is_it = |post: &Post| post.public_key == public_key && post.revoked_us.is_none();
            let Some(post) = posts.into_iter().find(is_it) else {
                return Ok(None);
            };
            let venue = venues::store::venue(conn, &post.venue)?;
            Ok(venue.map(|venue| (post, venue)))
        })
        .await
}

/// Enrols a device of somebody who is signed in: what it plays, they play.
///
/// # Errors
/// [`Refusal::Forbidden`] when they are a member of no venue; [`Refusal::Conflict`] beyond
/// [`DEVICES`].
pub async fn enrol_device(
    node: &App,
    member: &SignedIn,
    enrolling: &Enrolling,
) -> Result<(Post, Venue), Refusal> {
    let (name, public_key) = enrolling.checked()?;
    let venue = listens_through(member)?.clone();
    let (app, member_id) = (node.clone(), member.id.clone());
    node.db
        .write(move |conn| {
            let of_member = store::posts_of(conn, &member_id)?;
            let mut trusted = of_member.into_iter().filter(|p| p.revoked_us.is_none());
            let known = trusted.clone().find(|p| p.public_key == public_key);
            let venue = venues::store::venue(conn, &venue)?.ok_or(Refusal::Missing)?;
            if let Some(post) = known.filter(|post| post.venue == venue.id) {
                return Ok((post, venue));
            }
            if trusted.nth(DEVICES - 1).is_some() {
                let say = Say::new("listening-post-many").with("limit", DEVICES);
                return Err(Refusal::Conflict(say));
            }
            let post = Post {
                id: app.config.uri(&format!("/posts/{}", app.clock.fresh_id())),
                member_id,
                venue: venue.id.clone(),
                name,
                public_key,
                enrolled_us: app.clock.now_us(),
                revoked_us: None,
            };
            store::add_post(conn, &post)?;
            Ok((post, venue))
        })
        .await
}

/// Believes a post no more; one that is a member of its own leaves its venue. What it handed in
/// before counts.
pub async fn revoke_post(node: &Node, id: &str) -> Result<(), Refusal> {
    let (id, now_us) = (id.to_owned(), node.clock.now_us());
    node.db
        .write(move |conn| {
            let post = store::post(conn, &id)?.ok_or(Refusal::Missing)?;
            store::revoke_post(conn, &id, now_us)?;
            if members::store::is_post(conn, &post.member_id)? {
                members::store::end_membership(conn, &post.member_id, &post.venue, now_us)?;
            }
            Ok(())
        })
        .await
}

/// The venue a member listens through, or the refusal for who left every venue.
pub(super) fn listens_through(member: &SignedIn) -> Result<&VenueId, Refusal> {
    member
        .venue
        .as_ref()
        .ok_or_else(|| Refusal::Forbidden(Say::new("listening-no-venue")))
}

/// Whether a request carries a signature, believable or not.
pub fn is_signed(parts: &Parts) -> bool {
    parts.headers.contains_key("signature")
}

/// The listening post that signed this request with this body.
///
/// # Errors
/// [`Refusal::Forbidden`] when it is not signed as it must be, or by nobody we know. What a
/// signature of a post allows does no harm when it is sent twice, so none is remembered.
pub async fn signed_post(node: &Node, parts: &Parts, body: &[u8]) -> Result<SignedPost, Refusal> {
    let refused = |why: signature::SignatureRefused| {
        Refusal::Forbidden(Say::new("listening-post-signature").with("why", why))
    };
    let base = node.config.base();
    let (scheme, authority) = base.split_once("://").unwrap_or(("https", &base));
    let claim = signature::parse(&Incoming {
        method: &parts.method,
        path_and_query: parts.uri.path_and_query().map_or("/", |path| path.as_str()),
        scheme,
        authority,
        headers: &parts.headers,
        body,
    })
    .and_then(|claim| claim.check_policy(&Policy::default(), node.clock.now_seconds()))
    .map_err(refused)?;
    let id = claim.key_id().to_owned();
    let post = node
        .db
        .read(move |conn| Ok::<_, Refusal>(store::post(conn, &id)?))
        .await?
        .filter(|post| post.revoked_us.is_none())
        .ok_or_else(|| Refusal::Forbidden(Say::new("listening-post-unknown")))?;
    claim
        .verify(&PublicKey::Ed25519(post.public_key))
        .map_err(refused)?;
    Ok(SignedPost {
        id: post.id,
        member_id: post.member_id,
        venue: post.venue,
        enrolled_us: post.enrolled_us,
    })
}

/// For requests without a body.
impl FromRequestParts<App> for SignedPost {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        signed_post(app, parts, b"").await
    }
}

/// For requests without a body.
impl FromRequestParts<App> for Listener {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        if is_signed(parts) {
            return SignedPost::from_request_parts(parts, app)
                .await
                .map(Listener::Post);
        }
        SignedIn::from_request_parts(parts, app)
            .await
            .map(Listener::Member)
    }
}
