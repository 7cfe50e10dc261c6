//! A report as a directory: `report.json` and its tables.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use serde_json::Value;
use settlement::{
    ArrivalLimits, Line, Minor, Policy, Reduced, ReducedRow, Report, Territory, Track, Venue,
};

use super::manifest::{FileReference, MANIFEST_LIMIT, PARQUET_MEDIA_TYPE, PlayReport};
use super::reduce::{Comparison, reduce};
use super::{
    LinesReader, LinesWriter, ReductionReader, ReductionWriter, read_tracks, write_tracks,
};
use crate::digest::{Sha256Digest, Sha256Digester};
use crate::files::{self, FileRefused};
use crate::json::canonical;
use crate::policy::PolicyFile;

/// A directory that holds, or will hold, a report.
#[derive(Clone, Debug)]
pub struct ReportFolder {
    path: PathBuf,
    name: String,
}

impl ReportFolder {
    /// The manifest's file name.
    pub const MANIFEST: &'static str = "report.json";
    /// The file name of the lines.
    pub const LINES: &'static str = "lines.parquet";
    /// The file name of the works.
    pub const TRACKS: &'static str = "tracks.parquet";
    /// The file name of the reduction.
    pub const REDUCTION: &'static str = "reduction.parquet";

    /// The report in a directory; refusals name its files by their path.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        ReportFolder {
            name: path.display().to_string(),
            path,
        }
    }

    /// The same, called `name` in refusals.
    pub fn named(path: impl Into<PathBuf>, name: impl Into<String>) -> Self {
        ReportFolder {
            path: path.into(),
            name: name.into(),
        }
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn file(&self, file: &str) -> (PathBuf, String) {
        (self.path.join(file), self.name_of(file))
    }

    /// How refusals call one of its files.
    pub(crate) fn name_of(&self, file: &str) -> String {
        if self.name.is_empty() {
            file.to_owned()
        } else {
            format!("{}/{file}", self.name)
        }
    }

    /// Whether the lines are there. Other nodes than the reporter and the coordinator have none.
    pub fn has_lines(&self) -> bool {
        self.path.join(Self::LINES).is_file()
    }

    /// Whether the reduction is there; a simulation can do with the lines alone.
    pub fn has_reduction(&self) -> bool {
        self.path.join(Self::REDUCTION).is_file()
    }

    /// The manifest with its document, verifying nothing but its form, and its file's digest.
    ///
    /// # Errors
    /// When there is none, or it is not a play report.
    pub fn manifest(&self) -> Result<(PlayReport, Value, Sha256Digest), FileRefused> {
        let (path, name) = self.file(Self::MANIFEST);
        let bytes = files::read(&path, &name, MANIFEST_LIMIT)?;
        let (report, document) = PlayReport::parse(&bytes)
            .map_err(|refusal| FileRefused::whole(&name, refusal.to_string()))?;
        Ok((report, document, Sha256Digest::of(&bytes)))
    }

    /// Opens the lines.
    ///
    /// # Errors
    /// When they are not a table of lines.
    pub fn lines(&self) -> Result<LinesReader, FileRefused> {
        let (path, name) = self.file(Self::LINES);
        LinesReader::open(&path, &name)
    }

    /// Reads the works.
    ///
    /// # Errors
    /// When they are not a table of works.
    pub fn tracks(&self) -> Result<Vec<Track>, FileRefused> {
        let (path, name) = self.file(Self::TRACKS);
        read_tracks(&path, &name)
    }

    /// Opens the reduction.
    ///
    /// # Errors
    /// When it is not a table of reduced rows.
    pub fn reduction(&self) -> Result<ReductionReader, FileRefused> {
        let (path, name) = self.file(Self::REDUCTION);
        ReductionReader::open(&path, &name)
    }

    /// Writes the three tables of a report: the lines as they are given, sorted; their reduction
    /// under `policy`; the works. What is written is on the disk when this returns. The manifest is
    /// then made of what this gives back, signed, and put down with
    /// [`write_manifest`](Self::write_manifest).
    ///
    /// # Errors
    /// When the disk refuses, or the lines cannot be taken; what was written then is of no use.
    pub fn write_tables(
        &self,
        lines: impl IntoIterator<Item = Line>,
        tracks: &[Track],
        venues: u32,
        territory: Territory,
        policy: &Policy,
    ) -> Result<WrittenTables, FileRefused> {
        let (_, name) = self.file(Self::LINES);
        let unwritten = |error| unwritten_file(&name, &error);
        let mut writer = LinesWriter::new(self.create(Self::LINES)?).map_err(unwritten)?;
        for line in lines {
            writer.push(&line).map_err(unwritten)?;
        }
        let (sink, rows) = writer.finish().map_err(unwritten)?;
        let lines = self.finish(Self::LINES, sink, rows)?;

        let (_, name) = self.file(Self::TRACKS);
        let sink = write_tracks(self.create(Self::TRACKS)?, tracks)
            .map_err(|error| unwritten_file(&name, &error))?;
        let tracks_file = self.finish(Self::TRACKS, sink, tracks.len() as u64)?;

        let (reduction, reduced) = self.write_reduction(tracks, venues, territory, policy)?;
        Ok(WrittenTables {
            lines,
            tracks: tracks_file,
            reduction,
            reduced,
        })
    }

    /// Reduces the lines that are there and writes the reduction.
    ///
    /// # Errors
    /// As [`write_tables`](Self::write_tables).
    pub fn write_reduction(
        &self,
        tracks: &[Track],
        venues: u32,
        territory: Territory,
        policy: &Policy,
    ) -> Result<(FileReference, Reduced), FileRefused> {
        let (_, name) = self.file(Self::REDUCTION);
        let unwritten = |error| unwritten_file(&name, &error);
        let mut writer = ReductionWriter::new(self.create(Self::REDUCTION)?).map_err(unwritten)?;
        let reduced = reduce(
            self.lines()?,
            venues,
            tracks,
            territory,
            policy,
            None,
            |rows| {
                rows.iter()
                    .try_for_each(|row| writer.push(*row))
                    .map_err(unwritten)
            },
        )?;
        let (sink, rows) = writer.finish().map_err(unwritten)?;
        Ok((self.finish(Self::REDUCTION, sink, rows)?, reduced))
    }

    /// Writes the manifest, signed or not, in its canonical form: its file's digest is then that of
    /// the document.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn write_manifest(&self, document: &Value) -> Result<Sha256Digest, FileRefused> {
        let (_, name) = self.file(Self::MANIFEST);
        let mut sink = self.create(Self::MANIFEST)?;
        sink.write_all(&canonical(document))
            .map_err(|error| unwritten_file(&name, &error))?;
        sink.into_digest()
            .map_err(|error| unwritten_file(&name, &error))
            .map(|(digest, _)| digest)
    }

    fn create(&self, file: &str) -> Result<DigestedFile, FileRefused> {
        let (path, name) = self.file(file);
        std::fs::create_dir_all(&self.path)
            .and_then(|()| File::create(path))
            .map(DigestedFile::new)
            .map_err(|error| unwritten_file(&name, &error))
    }

    fn finish(
        &self,
        file: &str,
        sink: DigestedFile,
        rows: u64,
    ) -> Result<FileReference, FileRefused> {
        let (digest, size) = sink
            .into_digest()
            .map_err(|error| unwritten_file(&self.name_of(file), &error))?;
        Ok(FileReference {
            href: file.to_owned(),
            media_type: PARQUET_MEDIA_TYPE.to_owned(),
            digest: Some(digest),
            rows: Some(rows),
            size: Some(size),
        })
    }

    /// Takes the folder as it is, for a simulation or once its proof and digests have been
    /// verified: from the lines if they are there, reduced under `policy`, else from the reduction.
    ///
    /// # Errors
    /// When a file is malformed or disagrees with the manifest in its number of rows; when there is
    /// only a reduction, and it was made under another policy.
    pub fn load(&self, policy: &PolicyFile) -> Result<LoadedReport, FileRefused> {
        let (manifest, _, digest) = self.manifest()?;
        self.load_tables(manifest, digest, policy, false)
    }

    /// The same, whose manifest was read and verified before. If it is to be `compared`, and was
    /// reduced under this policy, its own reduction must be what its lines come to.
    ///
    /// # Errors
    /// As [`load`](Self::load), and at the first row that differs.
    pub(crate) fn load_tables(
        &self,
        manifest: PlayReport,
        digest: Sha256Digest,
        policy: &PolicyFile,
        compared: bool,
    ) -> Result<LoadedReport, FileRefused> {
        let tracks = self.tracks()?;
        check_rows(
            self,
            Self::TRACKS,
            manifest.tracks.as_ref(),
            tracks.len() as u64,
        )?;
        let venues = self.venue_count(&manifest)?;
        let mut rows = Vec::new();
        let from_lines = self.has_lines();
        if from_lines {
            let lines = self.lines()?;
            check_rows(self, Self::LINES, manifest.lines.as_ref(), lines.rows())?;
            // Under another policy than its own, its reduction plays no part.
            let own_policy =
                (manifest.policy.as_ref()).is_some_and(|used| used.digest == policy.digest());
            let mut comparison = (compared && own_policy)
                .then(|| self.reduction().map(Comparison::with))
                .transpose()?;
            reduce(
                lines,
                venues,
                &tracks,
                manifest.territory,
                policy.policy(),
                None,
                |reduced| {
                    rows.extend_from_slice(reduced);
                    (comparison.as_mut()).map_or(Ok(()), |comparison| comparison.expect(reduced))
                },
            )?;
            if let Some(comparison) = comparison {
                comparison.finish()?;
            }
        } else {
            let reduction = self.reduction()?;
            check_rows(
                self,
                Self::REDUCTION,
                manifest.reduction.as_ref(),
                reduction.rows(),
            )?;
            if manifest
                .policy
                .as_ref()
                .is_some_and(|used| used.digest != policy.digest())
            {
                return Err(FileRefused::whole(
                    &self.name_of(Self::REDUCTION),
                    "it was reduced under another policy; to settle under this one, the lines are needed",
                ));
            }
            rows = reduction.read_all(|venue| venue < venues, tracks.len())?;
        }
        Ok(LoadedReport {
            manifest,
            digest,
            tracks,
            rows,
            from_lines,
        })
    }

    /// Reduces the lines under the report's own policy and holds them against the reduction, which
    /// is kept nowhere.
    ///
    /// # Errors
    /// At the first line that cannot be taken, or the first row that differs.
    pub(crate) fn compare(
        &self,
        manifest: &PlayReport,
        tracks: &[Track],
        policy: &Policy,
        limits: Option<ArrivalLimits>,
    ) -> Result<Reduced, FileRefused> {
        let mut comparison = Comparison::with(self.reduction()?);
        let venues = self.venue_count(manifest)?;
        let expect = |rows: &[ReducedRow]| comparison.expect(rows);
        let reduced = reduce(
            self.lines()?,
            venues,
            tracks,
            manifest.territory,
            policy,
            limits,
            expect,
        )?;
        comparison.finish()?;
        Ok(reduced)
    }

    pub(crate) fn venue_count(&self, manifest: &PlayReport) -> Result<u32, FileRefused> {
        u32::try_from(manifest.venues.len()).map_err(|_| {
            FileRefused::whole(&self.name_of(Self::MANIFEST), "it has too many venues")
        })
    }
}

/// The manifest says how many rows a table has, if it says anything.
pub(super) fn check_rows(
    folder: &ReportFolder,
    file: &str,
    reference: Option<&FileReference>,
    found: u64,
) -> Result<(), FileRefused> {
    match reference.and_then(|file| file.rows) {
        Some(rows) if rows != found => Err(FileRefused::whole(
            &folder.name_of(file),
            format!("it has {found} rows; the manifest says {rows}"),
        )),
        _ => Ok(()),
    }
}

fn unwritten_file(name: &str, error: &std::io::Error) -> FileRefused {
    FileRefused::whole(name, format!("it cannot be written: {error}"))
}

/// What was written, for the manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenTables {
    /// The lines' file.
    pub lines: FileReference,
    /// The works' file.
    pub tracks: FileReference,
    /// The reduction's file.
    pub reduction: FileReference,
    /// What the lines add up to, and how many members each venue's lines are about.
    pub reduced: Reduced,
}

/// A report read whole, ready to be settled.
#[derive(Clone, Debug)]
pub struct LoadedReport {
    /// Its manifest.
    pub manifest: PlayReport,
    /// The digest of `report.json`.
    pub digest: Sha256Digest,
    /// Its works.
    pub tracks: Vec<Track>,
    /// Its reduction.
    pub rows: Vec<ReducedRow>,
    /// Whether the rows were reduced from the lines here, or read.
    pub from_lines: bool,
}

impl LoadedReport {
    /// The one conversion of a report into what a settlement takes.
    pub fn into_settlement_input(self) -> Report {
        let LoadedReport {
            manifest,
            tracks,
            rows,
            ..
        } = self;
        let mut venues = manifest.venues;
        venues.sort_by_key(|venue| venue.venue);
        Report {
            node: manifest.attributed_to,
            period: manifest.period,
            sequence: manifest.sequence,
            territory: manifest.territory,
            currency: manifest.currency,
            venues: venues
                .into_iter()
                .map(|venue| Venue {
                    id: venue.id,
                    contribution: Minor::new(venue.contribution.into()),
                })
                .collect(),
            tracks,
            reduction: rows,
        }
    }
}

/// A file that is digested while it is written.
struct DigestedFile {
    file: BufWriter<File>,
    digester: Sha256Digester,
}

impl DigestedFile {
    fn new(file: File) -> Self {
        DigestedFile {
            file: BufWriter::with_capacity(256 << 10, file),
            digester: Sha256Digester::new(),
        }
    }

    /// Puts the file on the disk; its digest and its size.
    fn into_digest(self) -> std::io::Result<(Sha256Digest, u64)> {
        let file = self
            .file
            .into_inner()
            .map_err(std::io::IntoInnerError::into_error)?;
        file.sync_all()?;
        let size = self.digester.length();
        Ok((self.digester.finish(), size))
    }
}

impl std::io::Write for DigestedFile {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let count = self.file.write(bytes)?;
        self.digester.update(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}
