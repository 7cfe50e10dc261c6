//! The two ceremonies of WebAuthn (level 3, §7.1 and §7.2), in the words of `webauthn_rp`: what a
//! browser is asked, and whether its answer holds. Nothing here knows the database or the clock.
//!
//! Every passkey is discoverable and verifies its user (a finger, a face, a PIN): it is two steps
//! in one. No attestation is asked for: which make of device somebody has is their business.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use webauthn_rp::bin::{Decode as _, Encode as _};
use webauthn_rp::request::auth::AuthenticationVerificationOptions;
use webauthn_rp::request::register::{
    CredProtect, PublicKeyCredentialUserEntity, RegistrationVerificationOptions, UserHandle16,
};
use webauthn_rp::request::{AsciiDomain, PublicKeyCredentialDescriptor, RpId};
use webauthn_rp::response::auth::error::AuthCeremonyErr;
use webauthn_rp::response::register::{DynamicState, StaticState};
use webauthn_rp::response::{AuthTransports, CredentialId};
use webauthn_rp::{
    AuthenticatedCredential, DiscoverableAuthentication16, DiscoverableAuthenticationServerState,
    DiscoverableCredentialRequestOptions, PublicKeyCredentialCreationOptions, Registration,
    RegistrationServerState,
};

use crate::config::Config;
use crate::web::Refusal;

/// What is kept of a passkey, each part base64url.
#[derive(Clone, Debug)]
pub struct Kept {
    /// The credential's id.
    pub credential: String,
    /// Its public key, and what was said of it when it was made.
    pub public_key: String,
    /// The counter of its signatures, and what else may change.
    pub state: String,
}

/// Why an answer does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// It is no answer, or not to what was asked: another site's, another's, another challenge's.
    Answer,
    /// Its counter went back: there are two of this passkey.
    Counter,
}

/// The site passkeys are for: this node's host, and pages of this node alone.
#[derive(Debug)]
pub struct Site {
    id: RpId,
    origin: String,
}

impl Site {
    /// This node's; none where its address has no name: no browser makes passkeys for a bare number.
    pub fn of(config: &Config) -> Option<Self> {
        let url = url::Url::parse(&config.base()).ok()?;
        let Some(url::Host::Domain(host)) = url.host() else {
            return None;
        };
        Some(Site {
            id: RpId::Domain(AsciiDomain::try_from(host.to_owned()).ok()?),
            origin: url.origin().ascii_serialization(),
        })
    }

    /// Asks for a new passkey of a member beside the `credentials` they have: what the answer is
    /// judged by, and what the browser is told.
    pub fn ask_new(
        &self,
        node: &str,
        member: &str,
        name: &str,
        credentials: &[String],
    ) -> Result<(String, Value), Refusal> {
        let handle = handle_of(member);
        let others = credentials
            .iter()
            .filter_map(|credential| {
                Some(PublicKeyCredentialDescriptor {
                    id: CredentialId::<Vec<u8>>::decode(bytes(credential)?).ok()?,
                    transports: AuthTransports::decode(0).ok()?,
                })
            })
            .collect();
        let user = PublicKeyCredentialUserEntity::from(&handle);
        let mut options = PublicKeyCredentialCreationOptions::passkey(&self.id, user, others);
        // Not every device knows this extension; without it the user is verified all the same.
        options.extensions.cred_protect = CredProtect::None;
        let (asked, told) = options.start_ceremony().map_err(Refusal::broken)?;
        let asked = text(asked.encode().map_err(Refusal::broken)?);
        let mut told = serde_json::to_value(&told).map_err(Refusal::broken)?;
        // The library knows names as RFC 8265 has them, without spaces. Ours are people's.
        told["user"]["name"] = json!(name);
        told["user"]["displayName"] = json!(name);
        told["rp"]["name"] = json!(node);
        Ok((asked, told))
    }

    /// Judges the answer to [`Site::ask_new`]: the new passkey.
    pub fn made(&self, asked: &str, answer: &str) -> Result<Kept, Wrong> {
        let asked = bytes(asked).ok_or(Wrong::Answer)?;
        let asked = RegistrationServerState::<16>::decode(&asked).map_err(|_| Wrong::Answer)?;
        let answer =
            Registration::from_json_relaxed(answer.as_bytes()).map_err(|_| Wrong::Answer)?;
        let rules = RegistrationVerificationOptions::<&str, &str> {
            allowed_origins: &[self.origin.as_str()],
            // Browsers add some of their own.
            error_on_unsolicited_extensions: false,
            ..Default::default()
        };
        let made = asked
            .verify(&self.id, &answer, &rules)
            .map_err(|_| Wrong::Answer)?;
        let Ok(public_key) = made.static_state().encode();
        let Ok(state) = made.dynamic_state().encode();
        Ok(Kept {
            credential: text(made.id()),
            public_key: text(public_key),
            state: text(state),
        })
    }

    /// Asks for a signature of any passkey of this site.
    pub fn ask_known(&self) -> Result<(String, Value), Refusal> {
        let options = DiscoverableCredentialRequestOptions::passkey(&self.id);
        let (asked, told) = options.start_ceremony().map_err(Refusal::broken)?;
        let asked = text(asked.encode().map_err(Refusal::broken)?);
        let told = serde_json::to_value(&told).map_err(Refusal::broken)?;
        Ok((asked, told))
    }

    /// Judges the answer to [`Site::ask_known`] by what is kept of a member's passkey: its state
    /// from now on.
    pub fn signed(
        &self,
        asked: &str,
        answer: &Answer,
        member: &str,
        kept: &Kept,
    ) -> Result<String, Wrong> {
        let asked = bytes(asked).ok_or(Wrong::Answer)?;
        let asked =
            DiscoverableAuthenticationServerState::decode(&asked).map_err(|_| Wrong::Answer)?;
        let handle = handle_of(member);
        let public_key = bytes(&kept.public_key).ok_or(Wrong::Answer)?;
        let public_key = StaticState::decode(&public_key).map_err(|_| Wrong::Answer)?;
        let state: [u8; 7] = bytes(&kept.state)
            .and_then(|state| state.try_into().ok())
            .ok_or(Wrong::Answer)?;
        let state = DynamicState::decode(state).map_err(|_| Wrong::Answer)?;
        let mut known = AuthenticatedCredential::new(answer.0.raw_id(), &handle, public_key, state)
            .map_err(|_| Wrong::Answer)?;
        let rules = AuthenticationVerificationOptions::<&str, &str> {
            allowed_origins: &[self.origin.as_str()],
            error_on_unsolicited_extensions: false,
            ..Default::default()
        };
        match asked.verify(&self.id, &answer.0, &mut known, &rules) {
            Ok(_) => {
                let Ok(state) = known.dynamic_state().encode();
                Ok(text(state))
            }
            Err(AuthCeremonyErr::SignatureCounter) => Err(Wrong::Counter),
            Err(_) => Err(Wrong::Answer),
        }
    }
}

/// A browser's answer to [`Site::ask_known`], not judged yet.
pub struct Answer(DiscoverableAuthentication16);

impl Answer {
    /// Reads it.
    pub fn read(answer: &str) -> Option<Self> {
        DiscoverableAuthentication16::from_json_relaxed(answer.as_bytes())
            .ok()
            .map(Answer)
    }

    /// The credential it says it is of.
    pub fn credential(&self) -> String {
        text(self.0.raw_id())
    }
}

/// What a device knows a member by: nothing that leads back to their id here.
fn handle_of(member: &str) -> UserHandle16 {
    let digest = crate::members::token_digest(&format!("passkey:{member}"));
    let mut handle = [0u8; 16];
    // A digest in hex is long enough and nothing but hex.
    let _ = hex::decode_to_slice(&digest[..32], &mut handle);
    let Ok(handle) = UserHandle16::decode(handle);
    handle
}

fn text(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}
