//! One file on its way here: asked for once, written down as it comes, proven when it is whole.
//!
//! What a break or a fall of the node leaves of it is taken up where it ended; if the whole is then
//! not what was announced, it is fetched once more from its beginning before its origin is blamed.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use federation::digest::{Sha256Digest, Sha256Digester};
use http::header::{CONTENT_LENGTH, CONTENT_RANGE};
use http::{HeaderMap, HeaderValue, StatusCode};
use tokio::fs::{File, OpenOptions};
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};
use tokio::sync::watch;

use super::{Announced, Failure, State, folder, part};
use crate::catalogue::{decode, media, store};
use crate::peers::fetch;
use crate::web::{App, Refusal};

/// How many bytes of the end are held back until the digest of the whole is known: without its end
/// no false file is ever taken for a true one.
const HELD: u64 = 64 * 1024;
/// How often a broken connection is taken up again, as long as something arrives each time.
const TRIES: u32 = 5;
/// The slowest an origin may be, in bytes a second: a track at its own pace.
const SLOWEST: u64 = 16 * 1024;
/// How long it may take beyond that.
const GRACE: Duration = Duration::from_secs(60);

/// Fetches a file, and says how far it is.
pub(super) async fn run(app: App, announced: Announced, say: watch::Sender<State>) {
    let arrival = Arrival {
        app,
        announced,
        say,
    };
    if let Err(failure) = arrival.fetch().await {
        let (work, url) = (&arrival.announced.work, &arrival.announced.url);
        tracing::warn!(%work, %url, ?failure, "a work cannot be had from its origin");
        arrival.say.send_replace(State::Failed(failure));
    }
}

struct Arrival {
    app: App,
    announced: Announced,
    say: watch::Sender<State>,
}

/// How one try ended.
enum Ended {
    /// All bytes are here.
    Whole { size: u64, digest: Sha256Digest },
    /// The connection broke after so many new bytes.
    Broken { news: u64 },
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Failure::Full,
            _ => Failure::Broken(error.to_string()),
        }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Failure::Broken(refusal.to_string())
    }
}

impl Arrival {
    async fn fetch(&self) -> Result<(), Failure> {
        let Announced { work, url, .. } = &self.announced;
        let slots = self.app.cache.slots(url.origin());
        // The semaphore is never closed.
        let _turn = slots.acquire_owned().await.map_err(|_| Failure::Busy)?;
        if self.is_here_since().await? {
            return Ok(());
        }
        let path = part(&self.app.config.media, work);
        let mut is_resumed = tokio::fs::metadata(&path).await.is_ok();
        let mut tries = 0;
        loop {
            match self.once(&path).await {
                Ok(Ended::Whole { size, digest }) => {
                    if self.announced.digest.is_none_or(|wanted| wanted == digest) {
                        return self.keep(&path, size, &digest).await;
                    }
                }
                Ok(Ended::Broken { news }) => {
                    tries += 1;
                    if news == 0 || tries == TRIES {
                        return Err(Failure::Away);
                    }
                    is_resumed = true;
                    continue;
                }
                Err(Failure::OtherBytes) => {}
                Err(failure) => return Err(failure),
            }
            // Other bytes than were announced: none of them stays.
            self.drop_part(&path).await?;
            if !std::mem::take(&mut is_resumed) {
                self.app.cache.shun(work, self.app.clock.now_us());
                return Err(Failure::OtherBytes);
            }
        }
    }

    /// Whether it came while this one waited for its turn.
    async fn is_here_since(&self) -> Result<bool, Failure> {
        let id = self.announced.work.clone();
        let cached = self
            .app
            .db
            .read(move |conn| Ok::<_, Refusal>(store::cached(conn, &id)?));
        let Some(cached) = cached.await? else {
            return Ok(false);
        };
        let is_the_one = cached.digest.is_some() && cached.digest == self.announced.digest;
        if is_the_one {
            self.say.send_replace(State::Whole { size: cached.size });
        }
        Ok(is_the_one)
    }

    /// Asks for what is missing, and writes it down as it comes.
    async fn once(&self, path: &Path) -> Result<Ended, Failure> {
        let (mut at, mut digester) = self.begun(path).await?;
        if let Some(size) = self.announced.size.filter(|size| *size == at) {
            let digest = digester.finish();
            return Ok(Ended::Whole { size, digest });
        }
        let range = match at {
            0 => None,
            at => HeaderValue::from_str(&format!("bytes={at}-")).ok(),
        };
        let asked = fetch::stream(&self.app, self.announced.url.as_str(), range).await;
        let mut response = asked.map_err(|error| {
            tracing::info!(%error, "an origin does not give a file");
            Failure::Away
        })?;
        match response.status() {
            // The whole, though a part was asked for: it begins again.
            StatusCode::OK => (at, digester) = (0, Sha256Digester::new()),
            StatusCode::PARTIAL_CONTENT if starts_at(response.headers(), at) => {}
            StatusCode::RANGE_NOT_SATISFIABLE => return Err(Failure::OtherBytes),
            _ => return Err(Failure::Away),
        }
        let size = self.size(response.headers(), at)?;
        self.expect(size).await?;
        let mut file = self.part_from(path, at).await?;
        let begun_at = at;
        self.tell(size, at);
        let time = GRACE + Duration::from_secs((size - at) / SLOWEST);
        let arriving = async {
            while let Ok(Some(chunk)) = response.chunk().await {
                if chunk.len() as u64 > size - at {
                    return Err(Failure::OtherBytes);
                }
                digester.update(&chunk);
                file.write_all(&chunk).await?;
                // Only what the system has can be read by somebody else.
                file.flush().await?;
                at += chunk.len() as u64;
                self.tell(size, at);
            }
            Ok(())
        };
        if let Ok(ended) = tokio::time::timeout(time, arriving).await {
            ended?;
        }
        if at < size {
            return Ok(Ended::Broken {
                news: at - begun_at,
            });
        }
        file.sync_all().await?;
        let digest = digester.finish();
        Ok(Ended::Whole { size, digest })
    }

    /// What is here of the file from before: its length, and the digest so far.
    async fn begun(&self, path: &Path) -> Result<(u64, Sha256Digester), Failure> {
        let mut digester = Sha256Digester::new();
        let mut file = match File::open(path).await {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((0, digester)),
            file => file?,
        };
        let mut buffer = vec![0; 256 * 1024];
        loop {
            let read = file.read(&mut buffer).await?;
            if read == 0 {
                break;
            }
            digester.update(&buffer[..read]);
        }
        let length = digester.length();
        if self.announced.size.is_some_and(|size| length > size) {
            return Err(Failure::OtherBytes);
        }
        Ok((length, digester))
    }

    /// The file, open to be written from `at` on.
    async fn part_from(&self, path: &Path, at: u64) -> Result<File, Failure> {
        tokio::fs::create_dir_all(folder(&self.app.config.media)).await?;
        let mut options = OpenOptions::new();
        let mut file = options
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .await?;
        file.set_len(at).await?;
        file.seek(io::SeekFrom::Start(at)).await?;
        Ok(file)
    }

    /// The size of the whole: as announced, and nothing else; where nothing was announced, as the
    /// answer says.
    fn size(&self, headers: &HeaderMap, at: u64) -> Result<u64, Failure> {
        let length = headers
            .get(CONTENT_LENGTH)
            .and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
        let said = length.and_then(|length| length.checked_add(at));
        match (self.announced.size, said) {
            (Some(announced), Some(said)) if announced != said => Err(Failure::OtherBytes),
            (Some(size), _) | (None, Some(size)) => Ok(size),
            (None, None) => Err(Failure::Unsized),
        }
    }

    /// Makes room for the file, and notes that it is arriving.
    async fn expect(&self, size: u64) -> Result<(), Failure> {
        let (app, work) = (self.app.clone(), self.announced.work.clone());
        let now_us = app.clock.now_us();
        let node = app.clone();
        let has_room = app.db.write(move |conn| {
            let cap = node.config.media_cache_bytes;
            let arriving = node.cache.arriving();
            // What is noted of an earlier try is not counted twice.
            store::forget_cached(conn, &work)?;
            let Some(forgotten) = store::make_room(conn, size, cap, &arriving)? else {
                return Ok(false);
            };
            for one in &forgotten {
                super::remove(conn, &node.config.media, one)?;
            }
            store::expect_cached(conn, &work, size, now_us)?;
            Ok::<_, Refusal>(true)
        });
        if has_room.await? {
            return Ok(());
        }
        Err(Failure::Full)
    }

    /// Tells readers how far they may read.
    fn tell(&self, size: u64, at: u64) {
        let readable = match self.announced.digest {
            Some(_) => at.min(size.saturating_sub(HELD)),
            None => at,
        };
        self.say.send_replace(State::Arriving { size, readable });
    }

    /// Gives the proven file its name and tells readers that they may read it to its end.
    async fn keep(&self, path: &Path, size: u64, digest: &Sha256Digest) -> Result<(), Failure> {
        let place = media::path(&folder(&self.app.config.media), digest);
        rename(path, &place).await?;
        let (work, digest) = (self.announced.work.clone(), *digest);
        let kept = self
            .app
            .db
            .write(move |conn| {
                let kept = store::keep_cached(conn, &work, &digest)?;
                Ok::<_, Refusal>((kept, store::is_cached(conn, &digest)?))
            })
            .await?;
        match kept {
            (true, _) => {
                self.say.send_replace(State::Whole { size });
                self.measure(place, digest).await
            }
            (false, is_anothers) => {
                if !is_anothers {
                    tokio::fs::remove_file(&place).await?;
                }
                Err(Failure::Gone)
            }
        }
    }

    /// Measures the sound as an import does with files of this node, for the player's sake. One
    /// that cannot be measured is played all the same, if a player can.
    async fn measure(&self, place: PathBuf, digest: Sha256Digest) -> Result<(), Failure> {
        let measured = tokio::task::spawn_blocking(move || {
            std::fs::File::open(place).ok().map(decode::decode)
        });
        // A decoder that gives up on hostile bytes ends here.
        let Ok(Some(Ok(sound))) = measured.await else {
            return Ok(());
        };
        let kept = self.app.db.write(move |conn| {
            Ok::<_, Refusal>(store::keep_measure(conn, &digest, &sound.measure)?)
        });
        Ok(kept.await?)
    }

    /// Removes what has arrived. Who reads it finds its end.
    async fn drop_part(&self, path: &Path) -> Result<(), Failure> {
        self.say.send_replace(State::Asked);
        if let Ok(file) = OpenOptions::new().write(true).open(path).await {
            file.set_len(0).await?;
        }
        match tokio::fs::remove_file(path).await {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error)?,
            _ => {}
        }
        let work = self.announced.work.clone();
        let forgotten = self
            .app
            .db
            .write(move |conn| Ok::<_, Refusal>(store::forget_cached(conn, &work)?));
        Ok(forgotten.await?)
    }
}

async fn rename(from: &Path, to: &Path) -> io::Result<()> {
    let parent = to.parent().map_or_else(PathBuf::new, Path::to_path_buf);
    tokio::fs::create_dir_all(parent).await?;
    tokio::fs::rename(from, to).await
}

/// Whether a part of a file begins where it was asked to.
fn starts_at(headers: &HeaderMap, at: u64) -> bool {
    let Some(range) = headers
        .get(CONTENT_RANGE)
        .and_then(|range| range.to_str().ok())
    else {
        return false;
    };
    range
        .strip_prefix("bytes ")
        .and_then(|range| range.split('-').next()?.parse::<u64>().ok())
        == Some(at)
}
