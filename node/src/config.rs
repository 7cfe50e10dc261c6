//! A node's settings: `node.toml` in the node's folder, read once and passed on.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use settlement::{Currency, NodeId, Territory};
use url::Url;

/// What `node.toml` says, checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// The node's folder: settings, keys, database, media, archive.
    pub dir: PathBuf,
    /// The node as its host calls it, shown on every page.
    pub name: String,
    /// `host` or `host:port`, as others reach it.
    pub domain: String,
    /// Where it stands, ISO 3166.
    pub territory: Territory,
    /// The currency of its contributions, ISO 4217.
    pub currency: Currency,
    /// The language of pages and notices nobody chose a language for.
    pub language: Language,
    /// IANA time zone in which its months begin and end.
    pub timezone: String,
    /// Who settles for the network.
    pub coordinator: Coordinator,
    /// `None`: SQLite in the node's folder; else `sqlite:PATH` or `postgres://…`.
    pub database: Option<String>,
    /// Where media are kept: `media/` in the node's folder unless said otherwise.
    pub media: PathBuf,
    /// How many bytes of other nodes' media are kept at most, so that what was heard once need
    /// not travel again.
    pub media_cache_bytes: u64,
    /// Where it listens for requests.
    pub listen: SocketAddr,
    /// Development: http and loopback peers are allowed. Never on the open internet.
    pub dev: bool,
    /// Only under `dev`: seconds by which this node's clock is moved.
    pub clock_shift_seconds: i64,
    /// Whether a node that follows this one is followed in return.
    pub follow_back: bool,
    /// With whom it speaks.
    pub federation: Federation,
    /// Whether documents of works, releases and selections, the outbox and the other collections
    /// are given to proven peers alone. Actors stay public: their keys are needed.
    pub authorised_fetch: bool,
    /// A PEM file with the certificates of further authorities whose word this node takes for who
    /// its peers are: for networks with an authority of their own.
    pub extra_roots: Option<PathBuf>,
    /// How many days a change of who shares in a work waits for those who would have less.
    pub splits_delay_days: u32,
}

/// The languages the pages speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// Français
    Fr,
    /// English
    En,
}

impl Language {
    /// The other of the two.
    pub fn other(self) -> Self {
        match self {
            Language::Fr => Language::En,
            Language::En => Language::Fr,
        }
    }

    /// `fr` or `en`, as in an HTML `lang` attribute.
    pub fn code(self) -> &'static str {
        match self {
            Language::Fr => "fr",
            Language::En => "en",
        }
    }

    /// Reads `fr` or `en`.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "fr" => Some(Language::Fr),
            "en" => Some(Language::En),
            _ => None,
        }
    }
}

/// With whom a node speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Federation {
    /// With everybody who is not blocked.
    #[default]
    Open,
    /// With its coordinator and with the hosts that the operator allowed.
    AllowList,
}

impl Federation {
    #[allow(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde asks for a reference"
    )]
    fn is_open(&self) -> bool {
        *self == Federation::Open
    }
}

/// Who settles for the network: this node, or the one at an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Coordinator {
    /// This node.
    Here,
    /// The node at this base address.
    At(Url),
}

/// `node.toml`, letter by letter.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: String,
    domain: String,
    territory: String,
    currency: String,
    language: Language,
    #[serde(skip_serializing_if = "Option::is_none")]
    timezone: Option<String>,
    /// `self` or a URL.
    coordinator: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    database: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    media: Option<PathBuf>,
    #[serde(default = "usual_cache", skip_serializing_if = "is_usual_cache")]
    media_cache_gb: f64,
    listen: SocketAddr,
    #[serde(default, skip_serializing_if = "is_false")]
    dev: bool,
    #[serde(default, skip_serializing_if = "is_zero")]
    clock_shift_seconds: i64,
    #[serde(default = "yes", skip_serializing_if = "is_true")]
    follow_back: bool,
    #[serde(default, skip_serializing_if = "Federation::is_open")]
    federation: Federation,
    #[serde(default, skip_serializing_if = "is_false")]
    authorised_fetch: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    extra_roots: Option<PathBuf>,
    #[serde(default = "a_month", skip_serializing_if = "is_a_month")]
    splits_delay_days: u32,
}

fn a_month() -> u32 {
    30
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde asks for a reference"
)]
fn is_a_month(value: &u32) -> bool {
    *value == a_month()
}

/// How large the media cache is unless said otherwise, in gigabytes: some three thousand tracks.
const USUAL_CACHE_GB: f64 = 20.0;
/// The bytes of a gigabyte, as disks are sold.
const GB: f64 = 1e9;

fn usual_cache() -> f64 {
    USUAL_CACHE_GB
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    clippy::float_cmp,
    reason = "serde asks for a reference; what was not written is this very number"
)]
fn is_usual_cache(gb: &f64) -> bool {
    *gb == USUAL_CACHE_GB
}

fn yes() -> bool {
    true
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde asks for a reference"
)]
fn is_true(value: &bool) -> bool {
    *value
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde asks for a reference"
)]
fn is_false(value: &bool) -> bool {
    !value
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde asks for a reference"
)]
fn is_zero(value: &i64) -> bool {
    *value == 0
}

/// Why a node's settings cannot be used; each says what to change.
#[derive(Debug, thiserror::Error)]
pub enum ConfigRefused {
    /// There is no node in the folder.
    #[error(
        "{0} holds no node.toml: run `antiphon init --dir {0}` first, or name a node's folder with --dir"
    )]
    Missing(String),
    /// The folder already holds a node.
    #[error("{0} already holds a node (node.toml is there): choose another folder")]
    Taken(String),
    /// The file cannot be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is not what it should be.
    #[error("node.toml: {0}")]
    Invalid(String),
}

impl Config {
    /// Reads `node.toml` in `dir`.
    pub fn read(dir: &Path) -> Result<Self, ConfigRefused> {
        let path = dir.join("node.toml");
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(ConfigRefused::Missing(dir.display().to_string()));
            }
            Err(source) => {
                let path = path.display().to_string();
                return Err(ConfigRefused::Io { path, source });
            }
        };
        Self::parse(dir, &text)
    }

    /// Reads the text of a `node.toml` that lies, or will lie, in `dir`.
    pub fn parse(dir: &Path, text: &str) -> Result<Self, ConfigRefused> {
        let file: File = toml::from_str(text).map_err(|e| ConfigRefused::Invalid(e.to_string()))?;
        let invalid = |what: String| ConfigRefused::Invalid(what);
        let territory =
            Territory::parse(&file.territory).map_err(|e| invalid(format!("territory: {e}")))?;
        let currency =
            Currency::parse(&file.currency).map_err(|e| invalid(format!("currency: {e}")))?;
        if file.name.trim().is_empty() || file.name.chars().count() > 120 {
            return Err(invalid("name: between 1 and 120 characters".into()));
        }
        let timezone = match file.timezone {
            Some(zone) => zone,
            None => timezone_of(territory.country().as_str()).to_owned(),
        };
        jiff::tz::TimeZone::get(&timezone).map_err(|_| {
            invalid(format!(
                "timezone: `{timezone}` is not a time zone; write one like Europe/Paris"
            ))
        })?;
        if file.clock_shift_seconds != 0 && !file.dev {
            return Err(invalid(
                "clock_shift_seconds is for `dev = true` only".into(),
            ));
        }
        // A petabyte is a slip of the finger; one track must fit.
        if !(0.01..=1e6).contains(&file.media_cache_gb) {
            return Err(invalid(format!(
                "media_cache_gb: {} is not a size; write gigabytes, 0.01 or more",
                file.media_cache_gb
            )));
        }
        if file.splits_delay_days > 366 {
            return Err(invalid("splits_delay_days: at most 366".into()));
        }
        let coordinator = match file.coordinator.as_str() {
            "self" => Coordinator::Here,
            other => Coordinator::At(
                base_url(other, file.dev).map_err(|e| invalid(format!("coordinator: {e}")))?,
            ),
        };
        let config = Config {
            dir: dir.to_path_buf(),
            name: file.name.trim().to_owned(),
            domain: file.domain,
            territory,
            currency,
            language: file.language,
            timezone,
            coordinator,
            database: file.database,
            media: match file.media {
                Some(media) => dir.join(media),
                None => dir.join("media"),
            },
            media_cache_bytes: (file.media_cache_gb * GB) as u64,
            listen: file.listen,
            dev: file.dev,
            clock_shift_seconds: file.clock_shift_seconds,
            follow_back: file.follow_back,
            federation: file.federation,
            authorised_fetch: file.authorised_fetch,
            extra_roots: file.extra_roots.map(|roots| dir.join(roots)),
            splits_delay_days: file.splits_delay_days,
        };
        NodeId::parse(&config.uri("/actor")).map_err(|e| {
            invalid(format!(
                "domain: `{}` does not make an address ({e}); write HOST or HOST:PORT",
                config.domain
            ))
        })?;
        Ok(config)
    }

    /// Writes a new `node.toml`; refuses where there is one.
    pub fn write_new(&self) -> Result<(), ConfigRefused> {
        let path = self.dir.join("node.toml");
        if path.exists() {
            return Err(ConfigRefused::Taken(self.dir.display().to_string()));
        }
        self.write()
    }

    /// Writes `node.toml` over what is there.
    pub fn write(&self) -> Result<(), ConfigRefused> {
        let path = self.dir.join("node.toml");
        let default_media = self.dir.join("media");
        let file = File {
            name: self.name.clone(),
            domain: self.domain.clone(),
            territory: self.territory.to_string(),
            currency: self.currency.to_string(),
            language: self.language,
            timezone: Some(self.timezone.clone()),
            coordinator: match &self.coordinator {
                Coordinator::Here => "self".to_owned(),
                Coordinator::At(url) => url.as_str().trim_end_matches('/').to_owned(),
            },
            database: self.database.clone(),
            media: (self.media != default_media).then(|| self.media.clone()),
            media_cache_gb: self.media_cache_bytes as f64 / GB,
            listen: self.listen,
            dev: self.dev,
            clock_shift_seconds: self.clock_shift_seconds,
            follow_back: self.follow_back,
            federation: self.federation,
            authorised_fetch: self.authorised_fetch,
            extra_roots: self.extra_roots.clone(),
            splits_delay_days: self.splits_delay_days,
        };
        let text = toml::to_string(&file).map_err(|e| ConfigRefused::Invalid(e.to_string()))?;
        std::fs::write(&path, text).map_err(|source| ConfigRefused::Io {
            path: path.display().to_string(),
            source,
        })
    }

    /// `https://domain`, or `http://domain` under `dev`.
    pub fn base(&self) -> String {
        let scheme = if self.dev { "http" } else { "https" };
        format!("{scheme}://{}", self.domain)
    }

    /// The full address of a path on this node; `path` begins with `/`.
    pub fn uri(&self, path: &str) -> String {
        format!("{}{path}", self.base())
    }

    /// The node's own actor.
    pub fn actor(&self) -> NodeId {
        NodeId::parse(&self.uri("/actor")).expect("checked when the settings were read")
    }

    /// The coordinator's actor: `/actor` at its base address.
    pub fn coordinator_actor(&self) -> NodeId {
        match &self.coordinator {
            Coordinator::Here => self.actor(),
            Coordinator::At(url) => {
                let base = url.as_str().trim_end_matches('/');
                NodeId::parse(&format!("{base}/actor"))
                    .expect("checked when the settings were read")
            }
        }
    }

    /// Whether this node settles for the network.
    pub fn is_coordinator(&self) -> bool {
        self.coordinator == Coordinator::Here || self.coordinator_actor() == self.actor()
    }

    /// The address of the database.
    pub fn database_url(&self) -> String {
        match &self.database {
            Some(url) => url.clone(),
            None => format!("sqlite:{}", self.dir.join("antiphon.sqlite3").display()),
        }
    }

    /// The node's time zone.
    pub fn time_zone(&self) -> jiff::tz::TimeZone {
        jiff::tz::TimeZone::get(&self.timezone).expect("checked when the settings were read")
    }

    /// How large the media cache is unless `node.toml` says otherwise, in bytes.
    pub const USUAL_CACHE_BYTES: u64 = (USUAL_CACHE_GB * GB) as u64;

    /// The default address to listen on: loopback, on the domain's port when it names one.
    pub fn default_listen(domain: &str) -> SocketAddr {
        let port = domain
            .rsplit_once(':')
            .and_then(|(_, port)| port.parse().ok())
            .unwrap_or(8420);
        SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port)
    }
}

/// The time zone of a country's capital, for the countries this software meets first; `UTC`
/// elsewhere, to be changed in `node.toml`.
pub fn timezone_of(country: &str) -> &'static str {
    match country {
        "AT" => "Europe/Vienna",
        "BE" => "Europe/Brussels",
        "BG" => "Europe/Sofia",
        "CA" => "America/Toronto",
        "CH" => "Europe/Zurich",
        "CZ" => "Europe/Prague",
        "DE" => "Europe/Berlin",
        "DK" => "Europe/Copenhagen",
        "ES" => "Europe/Madrid",
        "FI" => "Europe/Helsinki",
        "FR" => "Europe/Paris",
        "GB" => "Europe/London",
        "GR" => "Europe/Athens",
        "HU" => "Europe/Budapest",
        "IE" => "Europe/Dublin",
        "IT" => "Europe/Rome",
        "LU" => "Europe/Luxembourg",
        "MA" => "Africa/Casablanca",
        "NL" => "Europe/Amsterdam",
        "NO" => "Europe/Oslo",
        "PL" => "Europe/Warsaw",
        "PT" => "Europe/Lisbon",
        "RO" => "Europe/Bucharest",
        "SE" => "Europe/Stockholm",
        "SN" => "Africa/Dakar",
        "TN" => "Africa/Tunis",
        _ => "UTC",
    }
}

/// Reads the base address of a node: a scheme (`https` unless `dev`), a host, perhaps a port,
/// and nothing after it. A bare `host:port` is completed.
pub fn base_url(text: &str, dev: bool) -> Result<Url, String> {
    let text = text.trim().trim_end_matches('/');
    let completed = if text.contains("://") {
        text.to_owned()
    } else {
        format!("{}://{text}", if dev { "http" } else { "https" })
    };
    let url = Url::parse(&completed).map_err(|e| format!("`{text}` is not an address ({e})"))?;
    match url.scheme() {
        "https" => {}
        "http" if dev => {}
        "http" => return Err(format!("`{text}`: http is for --dev only; write https://…")),
        other => return Err(format!("`{text}`: {other} is not a scheme nodes speak")),
    }
    if url.host_str().is_none()
        || url.path() != "/"
        || url.query().is_some()
        || url.username() != ""
    {
        return Err(format!(
            "`{text}`: write only https://HOST, nothing after it"
        ));
    }
    NodeId::parse(&format!("{}actor", url.as_str())).map_err(|e| format!("`{text}`: {e}"))?;
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOIRE: &str = r#"
        name = "Loire"
        domain = "localhost:8101"
        territory = "FR-ARA"
        currency = "EUR"
        language = "fr"
        coordinator = "http://localhost:8100"
        listen = "127.0.0.1:8101"
        dev = true
    "#;

    #[test]
    fn a_node_file_is_read_and_written_alike() {
        let dir = tempfile::tempdir().unwrap();
        let config = Config::parse(dir.path(), LOIRE).unwrap();
        assert_eq!(config.timezone, "Europe/Paris");
        assert_eq!(
            config.coordinator_actor().as_str(),
            "http://localhost:8100/actor"
        );
        config.write_new().unwrap();
        let again = Config::read(dir.path()).unwrap();
        assert_eq!(again.uri("/works/1"), "http://localhost:8101/works/1");
        assert!(matches!(config.write_new(), Err(ConfigRefused::Taken(_))));
    }

    #[test]
    fn outside_development_the_clock_is_not_moved_and_http_is_refused() {
        let dir = Path::new(".");
        let shifted = LOIRE.replace("dev = true", "clock_shift_seconds = 5");
        assert!(Config::parse(dir, &shifted).is_err());
        assert!(base_url("http://example.org", false).is_err());
        assert!(base_url("https://example.org/", false).is_ok());
    }

    #[test]
    fn the_media_cache_has_a_size_that_can_be_chosen() {
        let dir = Path::new(".");
        let usual = Config::parse(dir, LOIRE).unwrap();
        assert_eq!(usual.media_cache_bytes, 20_000_000_000);
        assert_eq!(usual.media_cache_bytes, Config::USUAL_CACHE_BYTES);
        for (written, bytes) in [("5", 5_000_000_000), ("0.25", 250_000_000)] {
            let text = format!("{LOIRE}\nmedia_cache_gb = {written}\n");
            let config = Config::parse(dir, &text).unwrap();
            assert_eq!(config.media_cache_bytes, bytes, "{written}");
        }
        for bad in ["0", "-1", "nan", "1e9"] {
            let text = format!("{LOIRE}\nmedia_cache_gb = {bad}\n");
            assert!(Config::parse(dir, &text).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_unknown_setting_is_refused_by_name() {
        let text = format!("{LOIRE}\nlisten_to = 3\n");
        let refused = Config::parse(Path::new("."), &text)
            .unwrap_err()
            .to_string();
        assert!(refused.contains("listen_to"), "{refused}");
    }
}
