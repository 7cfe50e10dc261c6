//! Passwords: Argon2id with the parameters OWASP asks for (19 MiB, two passes, one lane), one salt
//! each, checked in the same time whether or not there is such a member.

use std::sync::LazyLock;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{self, PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;

use crate::web::{Complaint, Refusal};
use crate::words::Say;

/// The shortest password taken, in characters.
pub const SHORTEST: usize = 10;
/// The longest password taken, in characters.
pub const LONGEST: usize = 200;

/// How many passwords are worked on at once: each takes 19 MiB and a processor for a moment, and
/// a hundred strangers at the door must not take all of them.
static HANDS: Semaphore = Semaphore::const_new(4);

/// What an unknown name is checked against, so that it takes as long as a known one.
static NOBODY: LazyLock<String> =
    LazyLock::new(|| hash("nobody has this password").unwrap_or_default());

fn argon2() -> Argon2<'static> {
    let params = Params::new(19 * 1024, 2, 1, None).expect("OWASP's parameters are in range");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

/// What is wrong with a password somebody chose, if anything.
pub fn complaint(password: &str) -> Option<Complaint> {
    // A character is at most four bytes: no need to count what is far too long.
    let length = match password.len() {
        bytes if bytes > LONGEST * 4 => LONGEST + 1,
        _ => password.chars().count(),
    };
    let say = match length {
        ..SHORTEST => Say::new("members-password-short").with("shortest", SHORTEST),
        SHORTEST..=LONGEST => return None,
        _ => Say::new("members-password-long").with("longest", LONGEST),
    };
    Some(Complaint {
        field: "password",
        say,
    })
}

/// The hash to keep, in the PHC string format. Blocks for a moment.
pub fn hash(password: &str) -> Result<String, password_hash::Error> {
    let hash: PasswordHash = argon2().hash_password(password.as_bytes())?;
    Ok(hash.to_string())
}

/// Whether the password is the one that was hashed; `None` (nobody, or a post) takes as long and
/// is never right. Blocks for a moment.
pub fn is_right(password: &str, kept: Option<&str>) -> bool {
    let Ok(hash) = PasswordHash::new(kept.unwrap_or(&NOBODY)) else {
        return false;
    };
    let fits = argon2().verify_password(password.as_bytes(), &hash).is_ok();
    fits && kept.is_some()
}

/// Does such work where it may block, a few at a time.
pub(crate) async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Refusal> {
    let _hand = HANDS.acquire().await.map_err(Refusal::broken)?;
    tokio::task::spawn_blocking(work)
        .await
        .map_err(Refusal::broken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_password_that_was_hashed_is_right_and_nobody_has_none() {
        let kept = hash("correct horse battery").unwrap();
        assert!(
            kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{kept}"
        );
        assert!(is_right("correct horse battery", Some(&kept)));
        assert!(!is_right("correct horse batterie", Some(&kept)));
        assert!(!is_right("nobody has this password", None));
    }

    #[test]
    fn a_password_has_ten_to_two_hundred_characters() {
        assert!(complaint("é2345678 ").is_some());
        assert!(complaint("é23456789 ").is_none());
        assert!(complaint(&"é".repeat(200)).is_none());
        assert!(complaint(&"é".repeat(201)).is_some());
    }
}
