//! Deliveries in one file: a ZIP archive is unpacked beside the media, imported like a folder, and
//! removed. Nothing it holds gets out of its folder; an archive that would grow beyond all measure
//! is given up, and what cannot be taken of it has its sentence.

use std::fs::{self, File};
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use federation::digest::Sha256Digest;
use zip::ZipArchive;

use super::walk::{self, Found, SIZE_LIMIT, What};
use crate::Node;
use crate::catalogue::media;
use crate::web::Refusal;
use crate::words::Say;

/// The most files of one archive.
const ENTRIES: u64 = 20_000;
/// The most bytes that come out of one archive.
const BYTES: u64 = 64 << 30;
/// How many times its own size an archive may grow.
const GROWTH: u64 = 200;
/// What it may grow to in any case: small archives of text grow much.
const ANYWAY: u64 = 256 << 20;
/// Where archives are unpacked, below the folder of media.
const FOLDER: &str = ".unpacked";

/// What an archive holds, unpacked; gone from the disk when this goes.
pub struct Unpacked {
    /// The files in it that an import takes, and those that were left out.
    pub found: Vec<Found>,
    folder: PathBuf,
}

impl Drop for Unpacked {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Removes what an import that was killed left unpacked.
///
/// # Errors
/// When the disk refuses.
pub fn sweep(media: &Path) -> io::Result<()> {
    match fs::remove_dir_all(media.join(FOLDER)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Opens an archive; the inner refusal is its own fault. `keeps`: it is imported, not only tried.
///
/// # Errors
/// When the disk takes nothing more.
pub fn open(node: &Node, file: &Found, keeps: bool) -> Result<Result<Unpacked, Say>, Refusal> {
    let mut unpacked = Unpacked {
        found: Vec::new(),
        folder: folder(node, &file.path, keeps),
    };
    let left_out = match unpack(&file.path, &unpacked.folder) {
        Err(Stopped::Disk(error)) => return Err(media::refused(&node.config.media, error)),
        Err(Stopped::Archive(why)) => return Ok(Err(why)),
        Ok(left_out) => left_out,
    };
    let prefix = walk::shown(&unpacked.folder);
    for mut one in walk::walk(std::slice::from_ref(&unpacked.folder)) {
        let rest = one.name.strip_prefix(&prefix).unwrap_or(&one.name);
        one.name = format!("{}{rest}", file.name);
        if one.what == What::Archive {
            one.what = What::Sound;
            one.refused = Some(Say::new("catalogue-file-archive"));
        }
        unpacked.found.push(one);
    }
    unpacked
        .found
        .extend(left_out.into_iter().map(|(name, why)| Found {
            name: format!("{}/{name}", file.name),
            refused: Some(why),
            what: What::Sound,
            size: 0,
            path: file.path.clone(),
        }));
    Ok(Ok(unpacked))
}

/// Where an archive is unpacked: the same place for the same archive, so that its tracks are known to
/// belong together when it comes again. One that is only tried has a place of its own.
fn folder(node: &Node, path: &Path, keeps: bool) -> PathBuf {
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let name = match keeps {
        true => Sha256Digest::of(path.as_os_str().as_encoded_bytes()).hex(),
        false => format!("tried-{}", node.clock.fresh_id()),
    };
    node.config
        .media
        .join(FOLDER)
        .join(&name[..name.len().min(40)])
}

/// Why an archive was given up.
enum Stopped {
    /// Its own fault.
    Archive(Say),
    /// The disk's.
    Disk(io::Error),
}

fn unread(reason: impl std::fmt::Display) -> Stopped {
    let reason: String = reason.to_string().chars().take(200).collect();
    Stopped::Archive(Say::new("catalogue-archive-unread").with("reason", reason))
}

/// Unpacks an archive; what of it was left out, and why.
fn unpack(path: &Path, into: &Path) -> Result<Vec<(String, Say)>, Stopped> {
    let mut file = File::open(path).map_err(unread)?;
    let size = file.metadata().map_err(unread)?.len();
    if entries(&mut file, size).map_err(unread)? > ENTRIES {
        let many = Say::new("catalogue-archive-many").with("limit", ENTRIES);
        return Err(Stopped::Archive(many));
    }
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(unread)?;
    // Again from nothing: an older unpacking may be of other bytes.
    match fs::remove_dir_all(into) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(Stopped::Disk(error)),
        _ => {}
    }
    fs::create_dir_all(into).map_err(Stopped::Disk)?;
    let mut room = BYTES.min(size.saturating_mul(GROWTH).max(ANYWAY));
    let mut left_out = Vec::new();
    for at in 0..archive.len() {
        let mut entry = match archive.by_index(at) {
            Ok(entry) => entry,
            Err(error) => {
                let why = Say::new("catalogue-archive-entry").with("reason", error);
                left_out.push((format!("#{}", at + 1), why));
                continue;
            }
        };
        let raw = String::from_utf8_lossy(entry.name_raw()).into_owned();
        let name: String = walk::shown(Path::new(&raw)).chars().take(200).collect();
        let is_dull = |part: &str| part == "__MACOSX" || part.starts_with("._");
        if entry.is_dir() || raw.split(['/', '\\']).any(is_dull) {
            continue;
        }
        let Some(inside) = entry.enclosed_name().filter(|_| !entry.is_symlink()) else {
            left_out.push((name, Say::new("catalogue-name-climbs-out")));
            continue;
        };
        match written(&mut entry, &into.join(inside), room)? {
            Written::All(bytes) => room -= bytes,
            Written::LeftOut(why) => left_out.push((name, why)),
            Written::Bomb => {
                let why = Say::new("catalogue-archive-bomb").with("times", GROWTH);
                return Err(Stopped::Archive(why));
            }
        }
    }
    Ok(left_out)
}

/// What came of one file of an archive.
enum Written {
    /// It is there, so many bytes.
    All(u64),
    /// It is not, for this reason.
    LeftOut(Say),
    /// There is no end to it.
    Bomb,
}

fn written(entry: &mut impl Read, place: &Path, room: u64) -> Result<Written, Stopped> {
    if let Some(parent) = place.parent() {
        // A file where a folder should be, a name too long for the disk: this one's fault alone.
        if let Err(error) = fs::create_dir_all(parent) {
            return left_out(error);
        }
    }
    let mut file = match File::create_new(place) {
        Ok(file) => file,
        Err(error) => return left_out(error),
    };
    let limit = room.min(SIZE_LIMIT);
    let mut bytes = 0;
    let mut buffer = vec![0; 256 * 1024];
    let ended = loop {
        let read = match entry.read(&mut buffer) {
            Ok(0) => break None,
            Ok(read) => read,
            // What breaks off, or does not add up to its sum.
            Err(error) => break Some(Say::new("catalogue-archive-entry").with("reason", error)),
        };
        bytes += read as u64;
        if bytes > limit {
            if bytes > room {
                return Ok(Written::Bomb);
            }
            break Some(Say::new("catalogue-file-too-large"));
        }
        io::Write::write_all(&mut file, &buffer[..read]).map_err(Stopped::Disk)?;
    };
    match ended {
        None => Ok(Written::All(bytes)),
        Some(why) => {
            fs::remove_file(place).map_err(Stopped::Disk)?;
            Ok(Written::LeftOut(why))
        }
    }
}

fn left_out(error: io::Error) -> Result<Written, Stopped> {
    let full = [io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded];
    if full.contains(&error.kind()) {
        return Err(Stopped::Disk(error));
    }
    let why = Say::new("catalogue-archive-entry").with("reason", error);
    Ok(Written::LeftOut(why))
}

/// How many entries an archive says it has, read from its end before any of them is: a list of
/// millions is not read at all.
fn entries(file: &mut File, size: u64) -> io::Result<u64> {
    let tail = size.min(66_000);
    file.seek(SeekFrom::Start(size - tail))?;
    let mut bytes = Vec::new();
    file.take(tail).read_to_end(&mut bytes)?;
    file.seek(SeekFrom::Start(0))?;
    let end = bytes.windows(4).rposition(|four| four == b"PK\x05\x06");
    let count = end.and_then(|end| bytes.get(end + 10..end + 12));
    let Some([low, high]) = count else {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "its end is missing",
        ));
    };
    // 65,535 means that the true number stands elsewhere: in any case more than are taken.
    Ok(u64::from(u16::from_le_bytes([*low, *high])))
}
