//! What is the federation framework's work: finding an actor by its name (WebFinger) and reading
//! it from its address, with a checking resolver, a limit on how many requests one question may
//! cost, and the rule that an object's id is the address it was read from.
//!
//! Its requests go out through our own client, signed with our own keys and our own time: the
//! framework would sign with the machine's clock and with draft-cavage alone.

use activitypub_federation::config::{Data, FederationConfig, UrlVerifier};
use activitypub_federation::error::Error;
use activitypub_federation::fetch::object_id::ObjectId;
use activitypub_federation::fetch::webfinger::webfinger_resolve_actor;
use activitypub_federation::traits::{Actor, Object};
use async_trait::async_trait;
use federation::json::StrictJson;
use federation::vocabulary::{self, ACTIVITY_JSON, is_activity_type};
use http::header::CONTENT_TYPE;
use http::{Extensions, HeaderValue, StatusCode};
use reqwest::{Request, Response};
use reqwest_middleware::{ClientBuilder, Middleware, Next};
use settlement::NodeId;
use url::Url;

use super::fetch::FetchRefused;
use super::keys;
use super::outside::{Signer, Way, is_turned_away};
use super::resolve;
use super::standing::{Blocklist, Rules};
use crate::Node;
use crate::db::Db;

/// How many requests one question may cost: WebFinger, an actor, a redirect of each.
const REQUESTS: u32 = 4;
/// How a node of our kind is called on its own host.
pub const NODE_NAME: &str = "node";

/// The framework, set up for one node.
pub(super) type Framework = FederationConfig<()>;

/// An actor read from where it lives.
#[derive(Clone, Debug)]
pub struct PeerActor {
    url: Url,
    inbox: Url,
    pem: String,
    actor: vocabulary::Actor,
}

/// The actor called `@name@host` (with its port, if it has one), found by WebFinger.
pub(super) async fn find(
    node: &Node,
    name: &str,
    host: &str,
) -> Result<vocabulary::Actor, FetchRefused> {
    let data = framework(node).await?.to_request_data();
    let name = format!("{name}@{host}");
    // In a task of its own: a debug build of the framework panics over an answer for another name.
    let found =
        tokio::spawn(async move { webfinger_resolve_actor::<(), PeerActor>(&name, &data).await });
    match found.await {
        Ok(found) => {
            let actor = found?.actor;
            keys::examine(node, &actor).await?;
            Ok(actor)
        }
        Err(_) => Err(FetchRefused::Content {
            url: host.to_owned(),
            reason: "it answers WebFinger for somebody else".to_owned(),
        }),
    }
}

/// The actor at this address, read from there.
pub(super) async fn actor(node: &Node, id: &NodeId) -> Result<vocabulary::Actor, FetchRefused> {
    let data = framework(node).await?.to_request_data();
    let url = Url::parse(id.as_str()).map_err(Error::from)?;
    let found = ObjectId::<PeerActor>::from(url).dereference(&data).await?;
    if found.actor.id.as_str() != id.as_str() {
        return Err(FetchRefused::Content {
            url: id.to_string(),
            reason: format!("the actor there is {}", found.actor.id),
        });
    }
    keys::examine(node, &found.actor).await?;
    Ok(found.actor)
}

async fn framework(node: &Node) -> Result<&Framework, FetchRefused> {
    let make = || async {
        let client = ClientBuilder::new(node.outside.client(&node.config)?.clone())
            .with(Signing {
                signer: node.outside.signer(node).clone(),
                secure: !node.config.dev,
                actor: node.config.actor().to_string(),
            })
            .build();
        FederationConfig::builder()
            .domain(&node.config.domain)
            .app_data(())
            .client(client)
            // Out of debug mode it asks the name servers itself, before our client does.
            .debug(node.config.dev || !node.outside.is_public())
            .http_fetch_limit(REQUESTS)
            .url_verifier(Box::new(NotBlocked {
                db: node.db.clone(),
                rules: Rules::of(&node.config),
            }))
            .build()
            .await
            .map_err(|error| FetchRefused::from(Error::Other(error.to_string())))
    };
    node.outside.framework.get_or_try_init(make).await
}

#[async_trait]
impl Object for PeerActor {
    type DataType = ();
    type Kind = StrictJson;
    type Error = FetchRefused;

    fn id(&self) -> &Url {
        &self.url
    }

    /// Never from memory: whoever asks here wants to know what the actor says now.
    async fn read_from_id(_: Url, _: &Data<()>) -> Result<Option<Self>, FetchRefused> {
        Ok(None)
    }

    async fn into_json(self, _: &Data<()>) -> Result<StrictJson, FetchRefused> {
        Ok(StrictJson(self.actor.to_value()))
    }

    async fn verify(json: &StrictJson, served_at: &Url, _: &Data<()>) -> Result<(), FetchRefused> {
        let actor = read(json, served_at)?;
        if actor.id.as_str() == served_at.as_str() {
            Ok(())
        } else {
            Err(FetchRefused::Content {
                url: served_at.to_string(),
                reason: "the object there has another id".to_owned(),
            })
        }
    }

    async fn from_json(json: StrictJson, data: &Data<()>) -> Result<Self, FetchRefused> {
        let _ = data;
        let id = json.0.get("id").and_then(|id| id.as_str()).unwrap_or("");
        let url = Url::parse(id).map_err(Error::from)?;
        let actor = read(&json, &url)?;
        Ok(PeerActor {
            inbox: Url::parse(actor.inbox.as_str()).map_err(Error::from)?,
            pem: actor
                .rsa_keys
                .first()
                .map(|named| named.key.to_pem())
                .unwrap_or_default(),
            url,
            actor,
        })
    }
}

fn read(json: &StrictJson, url: &Url) -> Result<vocabulary::Actor, FetchRefused> {
    vocabulary::Actor::of(&json.0).map_err(|refused| FetchRefused::Content {
        url: url.to_string(),
        reason: refused.to_string(),
    })
}

impl Actor for PeerActor {
    fn public_key_pem(&self) -> &str {
        &self.pem
    }

    fn private_key_pem(&self) -> Option<String> {
        None
    }

    fn inbox(&self) -> Url {
        self.inbox.clone()
    }
}

impl From<Error> for FetchRefused {
    fn from(error: Error) -> Self {
        match error {
            Error::ParseFetchedObject(source, url, _) => FetchRefused::Content {
                url: url.into(),
                reason: source.to_string(),
            },
            Error::FetchInvalidContentType(url) => FetchRefused::Content {
                url: url.into(),
                reason: "its Content-Type is not that of ActivityStreams".to_owned(),
            },
            Error::FetchWrongId(url) => FetchRefused::Content {
                url: url.into(),
                reason: "the object there has another id".to_owned(),
            },
            Error::ReqwestMiddleware(reqwest_middleware::Error::Middleware(ours)) => {
                ours.downcast().unwrap_or_else(|other| {
                    let other = reqwest_middleware::Error::Middleware(other);
                    FetchRefused::Framework(Box::new(other.into()))
                })
            }
            error => FetchRefused::Framework(Box::new(error)),
        }
    }
}

/// Keeps the framework from asking hosts this node does not speak with.
#[derive(Clone)]
struct NotBlocked {
    db: Db,
    rules: Rules,
}

#[async_trait]
impl UrlVerifier for NotBlocked {
    async fn verify(&self, url: &Url) -> Result<(), Error> {
        let rules = self.rules.clone();
        let blocklist = self
            .db
            .read(move |conn| Ok::<_, FetchRefused>(Blocklist::read(conn, &rules)?))
            .await
            .map_err(|error| Error::Other(error.to_string()))?;
        if blocklist.holds(url) {
            let host = url.host_str().unwrap_or_default().to_owned();
            return Err(Error::Other(FetchRefused::Blocked(host).to_string()));
        }
        Ok(())
    }
}

/// Signs what the framework asks; a server that does not take RFC 9421 is asked in the older way.
struct Signing {
    signer: Signer,
    /// Outside development nothing but https leaves, whatever the framework's debug mode writes.
    secure: bool,
    actor: String,
}

#[async_trait]
impl Middleware for Signing {
    async fn handle(
        &self,
        mut request: Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> reqwest_middleware::Result<Response> {
        if self.secure {
            let _ = request.url_mut().set_scheme("https");
        }
        if let Some(reason) = resolve::refused(request.url(), !self.secure) {
            let url = request.url().to_string();
            let refused = FetchRefused::Address { url, reason };
            return Err(reqwest_middleware::Error::middleware(refused));
        }
        // A redirect to an address that names a user: the name is in a header by now.
        if request.headers().contains_key(http::header::AUTHORIZATION) {
            let url = request.url().to_string();
            let reason = "it names a user";
            let refused = FetchRefused::Address { url, reason };
            return Err(reqwest_middleware::Error::middleware(refused));
        }
        let again = request.try_clone();
        self.sign(&mut request, Way::Cavage)?;
        let mut response = next.clone().run(request, extensions).await?;
        if let Some(mut again) = again.filter(|_| is_turned_away(&response)) {
            self.sign(&mut again, Way::Newer)?;
            response = next.run(again, extensions).await?;
        }
        // The framework reads an error's page as if it were the actor; that somebody is gone it knows.
        let status = response.status();
        if !status.is_success() && status != StatusCode::GONE {
            let url = response.url().to_string();
            let said = String::new();
            let refused = FetchRefused::Status { url, status, said };
            return Err(reqwest_middleware::Error::middleware(refused));
        }
        one_spelling(&mut response);
        Ok(response)
    }
}

/// The framework compares media types letter by letter; whatever means ActivityStreams is spelled
/// as it spells it.
fn one_spelling(response: &mut Response) {
    let said = response.headers().get(CONTENT_TYPE);
    if said.is_some_and(|said| said.to_str().is_ok_and(is_activity_type)) {
        let plain = HeaderValue::from_static(ACTIVITY_JSON);
        response.headers_mut().insert(CONTENT_TYPE, plain);
    }
}

impl Signing {
    fn sign(&self, request: &mut Request, way: Way) -> reqwest_middleware::Result<()> {
        let signed = self.signer.sign(request, way, &self.actor);
        signed.map_err(reqwest_middleware::Error::middleware)
    }
}
