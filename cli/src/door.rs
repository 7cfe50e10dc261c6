//! Knocking at a node's doors from outside, patiently: a node that is being started again is
//! waited for, a refusal is told in the node's own sentence.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, bail};
use reqwest::header::{COOKIE, HeaderMap, HeaderValue, LOCATION, SET_COOKIE};
use reqwest::{Method, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

/// The most bytes of an answer that are read into memory.
const ANSWER_LIMIT: usize = 256 * 1024 * 1024;

/// A node's doors.
#[derive(Clone, Debug)]
pub struct Door {
    client: reqwest::Client,
    base: Url,
    patience: Duration,
}

/// What a node answered.
#[derive(Debug)]
pub struct Answer {
    /// The number.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

/// A request that may have to be made more than once.
#[derive(Clone, Debug)]
pub struct Knock {
    method: Method,
    path: String,
    headers: HeaderMap,
    body: Option<Vec<u8>>,
}

/// The cookie of somebody who is signed in.
#[derive(Clone, Debug)]
pub struct Session(HeaderValue);

/// The node said no: its number and its sentence.
#[derive(Debug, thiserror::Error)]
#[error("{sentence}")]
pub struct Refused {
    /// The number.
    pub status: StatusCode,
    /// The node's own sentence.
    pub sentence: String,
}

/// The node did not answer for as long as it was waited for.
#[derive(Debug, thiserror::Error)]
#[error(
    "{address} does not answer ({reason}): is the node running? Start it with `antiphon serve`"
)]
pub struct NobodyThere {
    /// Where it was looked for.
    pub address: String,
    /// What the last try ended with.
    pub reason: String,
}

impl Door {
    /// The doors of the node at `base`. A node that does not answer is waited for as long as
    /// `patience`; no time at all means one try.
    pub fn at(base: &str, patience: Duration) -> Result<Self> {
        // Another part of the program may have chosen already; then that choice stands.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let base = Url::parse(base)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
            .ok_or_else(|| anyhow!("`{base}` is not a node's address: write https://HOST"))?;
        let mut client = reqwest::Client::builder()
            .user_agent(concat!("antiphon/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(Duration::from_secs(10))
            .read_timeout(Duration::from_secs(60))
            .redirect(reqwest::redirect::Policy::none());
        if matches!(base.host_str(), Some("localhost" | "127.0.0.1" | "[::1]")) {
            client = client.no_proxy();
        }
        let client = client.build().context("no HTTP client can be made here")?;
        Ok(Door {
            client,
            base,
            patience,
        })
    }

    /// The node's base address, without a slash at its end.
    pub fn base(&self) -> &str {
        self.base.as_str().trim_end_matches('/')
    }

    /// The full address of a path.
    pub fn address(&self, path: &str) -> Result<Url> {
        let address = format!("{}{path}", self.base());
        Url::parse(&address).with_context(|| format!("`{address}` is not an address"))
    }

    /// Knocks, and waits for a node that is not there yet. Whatever the node answers is an
    /// answer; see [`Answer::accepted`].
    pub async fn knock(&self, knock: &Knock) -> Result<Answer> {
        self.knock_with(&|| Ok(knock.clone())).await
    }

    /// [`Door::knock`] with a request made anew for each try: a signature is good once.
    pub async fn knock_with(&self, make: &dyn Fn() -> Result<Knock>) -> Result<Answer> {
        let begun = Instant::now();
        let mut pause = Duration::from_millis(50);
        loop {
            let knock = make()?;
            let reason = match self.once(&knock).await? {
                Ok(answer) => return Ok(answer),
                Err(reason) => reason,
            };
            if begun.elapsed() + pause > self.patience {
                let address = self.base().to_owned();
                return Err(NobodyThere { address, reason }.into());
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(1));
        }
    }

    /// One try: an answer, or why there was none.
    async fn once(&self, knock: &Knock) -> Result<std::result::Result<Answer, String>> {
        let url = self.address(&knock.path)?;
        let mut request = self
            .client
            .request(knock.method.clone(), url)
            .headers(knock.headers.clone());
        if let Some(body) = &knock.body {
            request = request.body(body.clone());
        }
        let mut response = match request.send().await {
            Ok(response) => response,
            Err(error) => return Ok(Err(innermost(&error))),
        };
        let (status, headers) = (response.status(), response.headers().clone());
        let mut body = Vec::new();
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) if body.len() + chunk.len() > ANSWER_LIMIT => {
                    bail!("{} answers with more than is read here", knock.path)
                }
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Ok(None) => break,
                Err(error) => return Ok(Err(innermost(&error))),
            }
        }
        Ok(Ok(Answer {
            status,
            headers,
            body,
        }))
    }
}

/// The innermost cause says what happened; the outer ones repeat the address.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}

impl Answer {
    /// The path that a node leads to: where a work is to be heard, with the grant in it.
    pub fn led_to(self) -> Result<String> {
        if !self.status.is_redirection() {
            self.accepted()?;
            bail!("the node does not say where a work is to be heard");
        }
        let path = self.headers.get(LOCATION).and_then(|to| to.to_str().ok());
        let path = path.filter(|path| path.starts_with('/') && !path.starts_with("//"));
        Ok(path
            .context("the node leads to no path of its own")?
            .to_owned())
    }
}

impl Knock {
    /// Asks for what is at a path.
    pub fn get(path: impl Into<String>) -> Self {
        Knock {
            method: Method::GET,
            path: path.into(),
            headers: accepting_json(),
            body: None,
        }
    }

    /// Brings JSON to a path.
    pub fn post(path: impl Into<String>, json: &Value) -> Self {
        let mut headers = accepting_json();
        headers.insert("content-type", HeaderValue::from_static("application/json"));
        Knock {
            method: Method::POST,
            path: path.into(),
            headers,
            body: Some(json.to_string().into_bytes()),
        }
    }

    /// In the name of somebody who is signed in.
    pub fn by(mut self, session: &Session) -> Self {
        self.headers.insert(COOKIE, session.0.clone());
        self
    }

    /// Another media type than JSON.
    pub fn accept(self, media_type: &'static str) -> Self {
        self.header("accept", HeaderValue::from_static(media_type))
    }

    /// With one more header.
    pub fn header(mut self, name: &'static str, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// What a signature speaks of, and where it is written.
    pub(crate) fn signed_parts(&mut self) -> (&Method, Option<&[u8]>, &mut HeaderMap) {
        (&self.method, self.body.as_deref(), &mut self.headers)
    }

    /// The path asked for.
    pub fn path(&self) -> &str {
        &self.path
    }
}

fn accepting_json() -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert("accept", HeaderValue::from_static("application/json"));
    headers
}

impl Answer {
    /// The answer, unless it is a refusal.
    pub fn accepted(self) -> Result<Self> {
        if self.status.is_success() {
            return Ok(self);
        }
        let told: Option<Value> = serde_json::from_slice(&self.body).ok();
        let field = |value: &Value| {
            let fields = value.get("fields")?.as_array()?;
            let sentences: Vec<_> = fields.iter().filter_map(|f| f["error"].as_str()).collect();
            (!sentences.is_empty()).then(|| sentences.join(" "))
        };
        let sentence = told
            .as_ref()
            .and_then(|value| field(value).or_else(|| Some(value["error"].as_str()?.to_owned())))
            .unwrap_or_else(|| format!("the node answers {}", self.status));
        Err(Refused {
            status: self.status,
            sentence,
        }
        .into())
    }

    /// The body as JSON.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_slice(&self.body).context("the node's answer cannot be read")
    }

    /// The session that the answer opens.
    pub fn session(&self) -> Result<Session> {
        self.headers
            .get_all(SET_COOKIE)
            .iter()
            .filter_map(|cookie| cookie.to_str().ok())
            .filter_map(|cookie| cookie.split(';').next())
            .find(|cookie| cookie.starts_with("antiphon="))
            .and_then(|cookie| HeaderValue::from_str(cookie).ok())
            .map(Session)
            .ok_or_else(|| anyhow!("the node opened no session"))
    }
}

/// A text as it stands in the query of an address.
pub fn in_query(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
