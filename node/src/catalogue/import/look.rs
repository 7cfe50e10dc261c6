//! Looking at one file: is it sound, what is it, what does it say of itself? Done by several
//! workers at once; nothing is written to the database here.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use federation::digest::{Sha256Digest, Sha256Digester};
use settlement::Kind;

use super::entry::KeptFile;
use super::hashes::HashSum;
use super::walk::Found;
use crate::Node;
use crate::catalogue::decode::{self, Sound};
use crate::catalogue::pictures::{self, PictureRefused};
use crate::catalogue::tags::{self, Tags};
use crate::catalogue::{media, sniff, store};
use crate::web::Refusal;
use crate::words::Say;

/// How the passing names of an import begin.
pub const PASSING: &str = "import-";

/// What a look at a file found.
#[derive(Debug)]
pub enum Looked {
    /// Its bytes were taken before.
    Known,
    /// It cannot be taken.
    Refused(Say),
    /// Nothing can be taken any more.
    Stop(Refusal),
    /// It is sound, and kept.
    Sound(Box<Look>),
}

/// A sound file.
#[derive(Debug)]
pub struct Look {
    /// Where it was.
    pub path: PathBuf,
    /// The digest of its bytes, under which they are kept.
    pub digest: Sha256Digest,
    /// Its bytes.
    pub size: u64,
    /// What decoding told.
    pub sound: Sound,
    /// What it says of itself.
    pub tags: Tags,
    /// Its picture, kept.
    pub cover: Option<Sha256Digest>,
    /// What could not be taken as it is.
    pub notices: Vec<Say>,
}

/// Looks at files for one import.
pub struct Looker<'a> {
    node: &'a Node,
    /// Whether what is found is kept; it is not where an import only tries.
    keeps: bool,
    /// How its passing names begin.
    passing: &'static str,
    /// Pictures that were redrawn before, by the digest of what came in: an album has one picture
    /// in every track.
    covers: Mutex<BTreeMap<Sha256Digest, Option<Sha256Digest>>>,
}

impl<'a> Looker<'a> {
    /// A looker for this node.
    pub fn new(node: &'a Node, keeps: bool) -> Self {
        Looker {
            node,
            keeps,
            passing: PASSING,
            covers: Mutex::new(BTreeMap::new()),
        }
    }

    /// A looker for what is uploaded: its passing names are its own, so that an import that begins
    /// meanwhile does not sweep them.
    pub fn of_uploads(node: &'a Node) -> Self {
        Looker {
            passing: crate::labels::uploads::PASSING,
            ..Looker::new(node, true)
        }
    }

    /// Looks at a file.
    pub fn look(&self, found: &Found) -> Looked {
        if let Some(why) = &found.refused {
            return Looked::Refused(why.clone());
        }
        // A decoder that gives up on hostile bytes takes this file with it and no other.
        match catch_unwind(AssertUnwindSafe(|| self.look_inside(&found.path))) {
            Ok(looked) => looked,
            Err(_) => Looked::Refused(Say::new("catalogue-file-corrupt")),
        }
    }

    fn look_inside(&self, path: &Path) -> Looked {
        let (digest, size) = match digest(path) {
            Ok(digest) => digest,
            Err(error) => return Looked::Refused(unreadable(error)),
        };
        match self.is_known(&digest) {
            Ok(true) => return Looked::Known,
            Ok(false) => {}
            Err(refusal) => return Looked::Stop(refusal),
        }
        let sound = File::open(path)
            .map_err(unreadable)
            .and_then(decode::decode);
        let sound = match sound {
            Ok(sound) => sound,
            Err(why) => return Looked::Refused(why),
        };
        let (mut tags, mut notices) = tags::read(path);
        let cover = match self.cover(path, tags.picture.take(), &mut notices) {
            Ok(cover) => cover,
            Err(refusal) => return Looked::Stop(refusal),
        };
        match self.keep(path, &digest) {
            Ok(true) => {}
            Ok(false) => return Looked::Refused(Say::new("catalogue-file-changing")),
            Err(refusal) => return Looked::Stop(refusal),
        }
        Looked::Sound(Box::new(Look {
            path: path.to_path_buf(),
            digest,
            size,
            sound,
            tags,
            cover,
            notices,
        }))
    }

    /// Looks at a file that a message or a table names: whether it arrived whole, what it is, how
    /// long it lasts.
    ///
    /// # Errors
    /// When nothing can be taken any more. What is wrong with this file is the inner one.
    pub fn named(
        &self,
        path: &Path,
        kind: Kind,
        sum: Option<&HashSum>,
    ) -> Result<Result<KeptFile, Say>, Refusal> {
        match catch_unwind(AssertUnwindSafe(|| self.named_inside(path, kind, sum))) {
            Err(_) => Ok(Err(Say::new("catalogue-file-corrupt"))),
            Ok(Err(why)) => Ok(Err(why)),
            Ok(Ok(file)) => match self.keep(path, &file.digest)? {
                true => Ok(Ok(file)),
                false => Ok(Err(Say::new("catalogue-file-changing"))),
            },
        }
    }

    fn named_inside(
        &self,
        path: &Path,
        kind: Kind,
        sum: Option<&HashSum>,
    ) -> Result<KeptFile, Say> {
        let open = || File::open(path).map_err(unreadable);
        let length = open()?.metadata().map_err(unreadable)?.len();
        if length == 0 {
            return Err(Say::new("catalogue-file-empty"));
        }
        if length > super::walk::SIZE_LIMIT {
            return Err(Say::new("catalogue-file-too-large"));
        }
        if let Some(sum) = sum
            && !sum.holds(open()?).map_err(unreadable)?
        {
            return Err(Say::new("catalogue-hash-differs"));
        }
        let (digest, size) = digest(path).map_err(unreadable)?;
        let (media_type, sound, duration_ms, measure) = match kind {
            Kind::Music => {
                let sound = decode::decode(open()?)?;
                let measure = Some(sound.measure);
                (sound.media_type, sound.digest, sound.duration_ms, measure)
            }
            kind => (sniff::sniff(open()?, kind)?, digest.to_string(), 0, None),
        };
        Ok(KeptFile {
            digest,
            sound,
            media_type: media_type.to_owned(),
            size,
            duration_ms,
            measure,
        })
    }

    /// Looks at a picture that a message or a table names.
    ///
    /// # Errors
    /// When nothing can be taken any more.
    pub fn picture(
        &self,
        path: &Path,
        sum: Option<&HashSum>,
    ) -> Result<Result<Sha256Digest, Say>, Refusal> {
        let unread = || Say::new("catalogue-cover-unreadable");
        if let Some(sum) = sum {
            match File::open(path).and_then(|file| sum.holds(file)) {
                Ok(true) => {}
                Ok(false) => return Ok(Err(Say::new("catalogue-hash-differs"))),
                Err(error) => return Ok(Err(unreadable(error))),
            }
        }
        let Ok(bytes) = pictures::read_file(path) else {
            return Ok(Err(unread()));
        };
        Ok(self.kept_picture(&bytes)?.ok_or_else(unread))
    }

    /// Whether these bytes were taken before, were measured, and are still here.
    fn is_known(&self, digest: &Sha256Digest) -> Result<bool, Refusal> {
        let noted = self.node.db.read_now(|conn| {
            let known = store::is_media_known(conn, digest)?;
            Ok::<_, Refusal>(known && store::measure(conn, digest)?.is_some())
        })?;
        Ok(noted && media::path(&self.node.config.media, digest).exists())
    }

    /// Keeps the file; whether it still was what had been decoded.
    fn keep(&self, path: &Path, digest: &Sha256Digest) -> Result<bool, Refusal> {
        if !self.keeps {
            return Ok(true);
        }
        let folder = &self.node.config.media;
        let Ok(mut source) = File::open(path) else {
            return Ok(false);
        };
        match media::keep(folder, &self.passing(), &mut source) {
            Ok((kept, _)) => Ok(kept == *digest),
            Err(error) => Err(media::refused(folder, error)),
        }
    }

    fn passing(&self) -> String {
        format!("{}{}", self.passing, self.node.clock.fresh_id())
    }

    /// The picture in the file, or the one beside it.
    fn cover(
        &self,
        path: &Path,
        embedded: Option<Vec<u8>>,
        notices: &mut Vec<Say>,
    ) -> Result<Option<Sha256Digest>, Refusal> {
        if let Some(bytes) = embedded {
            match self.kept_picture(&bytes)? {
                Some(cover) => return Ok(Some(cover)),
                None => notices.push(Say::new("catalogue-cover-unreadable")),
            }
        }
        let Some(beside) = path.parent().and_then(pictures::beside) else {
            return Ok(None);
        };
        let cover = match pictures::read_file(&beside) {
            Ok(bytes) => self.kept_picture(&bytes)?,
            Err(_) => None,
        };
        if cover.is_none() {
            notices.push(Say::new("catalogue-cover-unreadable"));
        }
        Ok(cover)
    }

    fn kept_picture(&self, bytes: &[u8]) -> Result<Option<Sha256Digest>, Refusal> {
        let digest = Sha256Digest::of(bytes);
        let before = match self.covers.lock() {
            Ok(covers) => covers.get(&digest).copied(),
            Err(_) => None,
        };
        if let Some(before) = before {
            return Ok(before);
        }
        let folder = &self.node.config.media;
        let kept = if self.keeps {
            pictures::keep(folder, &self.passing(), bytes)
        } else {
            pictures::redraw(bytes).map(|jpeg| Sha256Digest::of(&jpeg))
        };
        let kept = match kept {
            Ok(kept) => Some(kept),
            Err(PictureRefused::Io(error)) => return Err(media::refused(folder, error)),
            Err(_) => None,
        };
        if let Ok(mut covers) = self.covers.lock() {
            covers.insert(digest, kept);
        }
        Ok(kept)
    }
}

fn digest(path: &Path) -> io::Result<(Sha256Digest, u64)> {
    let mut file = BufReader::with_capacity(256 * 1024, File::open(path)?);
    let mut digester = Sha256Digester::new();
    let mut buffer = vec![0; 256 * 1024];
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        digester.update(&buffer[..read]);
    }
    let size = digester.length();
    Ok((digester.finish(), size))
}

fn unreadable(error: io::Error) -> Say {
    Say::new("catalogue-file-unreadable").with("reason", error)
}
