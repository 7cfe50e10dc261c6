//! WebFinger (RFC 7033): from `@name@host` to an actor.
//!
//! A node answers for itself under `acct:HOST@HOST` and under its own origin (FEP-d556), and for
//! its venues, parties and public members under their names.

use std::fmt;

use serde_json::{Map, Value, json};
use settlement::{Malformed, Uri};

use super::reading::{Properties, WordsRefused};
use super::{ACTIVITY_JSON, is_activity_type};
use crate::json::{JsonLimits, parse_strict};

/// The media type of an answer.
pub const JRD_JSON: &str = "application/jrd+json";

/// `name@host`: someone's name and the host (with a port, where it is not the default one).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Account {
    name: String,
    host: String,
}

/// Why a text is not an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an account is written @name@host")]
pub struct NotAnAccount;

impl Account {
    /// Reads `acct:name@host`, `@name@host` or `name@host`. The host is written in lower case.
    ///
    /// # Errors
    /// [`NotAnAccount`].
    pub fn parse(text: &str) -> Result<Self, NotAnAccount> {
        let text = text.strip_prefix("acct:").unwrap_or(text);
        let text = text.strip_prefix('@').unwrap_or(text);
        let (name, host) = text.rsplit_once('@').ok_or(NotAnAccount)?;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:".contains(&byte);
        let host = host.to_ascii_lowercase();
        let is_host = Uri::parse(&format!("https://{host}/"))
            .or_else(|_: Malformed| Uri::parse(&format!("http://{host}/")))
            .is_ok_and(|uri| uri.origin().ends_with(&host));
        if name.is_empty() || name.len() > 256 || !name.bytes().all(plain) || !is_host {
            return Err(NotAnAccount);
        }
        Ok(Self {
            name: name.to_owned(),
            host,
        })
    }

    /// The name before the host.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The host, with its port if it is not the default one.
    pub fn host(&self) -> &str {
        &self.host
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "acct:{}@{}", self.name, self.host)
    }
}

/// An answer: who is meant, and where the actor is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Descriptor {
    /// What the answer is about: `acct:…`, as a rule.
    pub subject: String,
    /// Other names of the same.
    pub aliases: Vec<String>,
    /// The actor.
    pub actor: Uri,
    /// The page for people.
    pub page: Option<Uri>,
}

impl Descriptor {
    /// Reads an answer.
    ///
    /// # Errors
    /// [`WordsRefused`] when no link leads to an actor.
    pub fn parse(bytes: &[u8]) -> Result<Self, WordsRefused> {
        let value = parse_strict(bytes, JsonLimits::of_bytes(64 * 1024))?;
        let properties = Properties::of(&value, "an answer of WebFinger")?;
        let mut actor = None;
        let mut page = None;
        for value in properties.list("links", 100)? {
            let link = Properties::of(value, "a link")?;
            let rel = link.text("rel", 2048)?.unwrap_or_default();
            let media_type = link.text("type", 200)?.unwrap_or_default();
            if rel == "self" && is_activity_type(&media_type) && actor.is_none() {
                actor = Some(link.address("href")?);
            } else if rel == "http://webfinger.net/rel/profile-page" && page.is_none() {
                page = link.optional_address("href").ok().flatten();
            }
        }
        let aliases = properties
            .list("aliases", 100)?
            .iter()
            .filter_map(Value::as_str);
        Ok(Self {
            subject: properties.required_text("subject", 2048)?,
            aliases: aliases.map(str::to_owned).collect(),
            actor: actor.ok_or(WordsRefused::Missing("links: self"))?,
            page,
        })
    }

    /// The answer as it is served.
    pub fn to_value(&self) -> Value {
        let mut links =
            vec![json!({ "rel": "self", "type": ACTIVITY_JSON, "href": self.actor.as_str() })];
        if let Some(page) = &self.page {
            links.push(json!({
                "rel": "http://webfinger.net/rel/profile-page",
                "type": "text/html",
                "href": page.as_str(),
            }));
        }
        let mut value = Map::new();
        value.insert("subject".into(), json!(self.subject));
        value.insert("aliases".into(), json!(self.aliases));
        value.insert("links".into(), Value::Array(links));
        Value::Object(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_read_in_its_usual_spellings() {
        for text in [
            "acct:node@loire.example",
            "@node@loire.example",
            "node@Loire.Example",
        ] {
            let account = Account::parse(text).unwrap();
            assert_eq!(account.to_string(), "acct:node@loire.example");
        }
        let local = Account::parse("localhost:8081@localhost:8081").unwrap();
        assert_eq!(
            (local.name(), local.host()),
            ("localhost:8081", "localhost:8081")
        );
    }

    #[test]
    fn what_is_no_account_is_refused() {
        for bad in [
            "",
            "node",
            "@node",
            "node@",
            "@@loire.example",
            "a@b@",
            "no de@loire.example",
            "node@loire.example/path",
            "node@user@evil.example#",
            "node@loire.example?x",
            "node@[::1",
            "n\u{e9}e@loire.example",
        ] {
            assert_eq!(Account::parse(bad), Err(NotAnAccount), "{bad}");
        }
    }
}
