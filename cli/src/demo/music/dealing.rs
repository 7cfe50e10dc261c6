//! Deals a folder of music out between the nodes, artist by artist, so that a release stays whole.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use lofty::file::TaggedFileExt as _;
use lofty::tag::{Accessor as _, ItemKey};

/// What a folder of music is looked through for.
const SOUNDS: &[&str] = &["aac", "flac", "m4a", "mp3", "mp4", "oga", "ogg", "wav"];

/// The files of a folder and below that look like music, in order of their paths.
pub fn files_of(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![dir.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder)
            .with_context(|| format!("{} cannot be read", folder.display()))?;
        for entry in entries {
            let entry = entry.with_context(|| format!("{} cannot be read", folder.display()))?;
            let path = entry.path();
            let kind = entry
                .file_type()
                .with_context(|| path.display().to_string())?;
            if kind.is_dir() {
                folders.push(path);
            } else if is_sound(&path) {
                found.push(path);
            }
        }
    }
    found.sort();
    if found.is_empty() {
        bail!(
            "{} holds no music: name a folder with {} files, or leave --music out",
            dir.display(),
            SOUNDS.join(", ")
        );
    }
    Ok(found)
}

fn is_sound(path: &Path) -> bool {
    path.extension()
        .and_then(|end| end.to_str())
        .is_some_and(|end| SOUNDS.contains(&end.to_ascii_lowercase().as_str()))
}

/// Two hands of files, as even as whole artists allow; the same files, the same hands. `seen` is
/// told of each file that was read.
pub fn deal(files: &[PathBuf], seen: &dyn Fn()) -> [Vec<PathBuf>; 2] {
    let mut artists: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for file in files {
        artists
            .entry(artist_of(file))
            .or_default()
            .push(file.clone());
        seen();
    }
    // One artist for two nodes: deal releases (folders) instead, or at last the files.
    if artists.len() == 1 && files.len() > 1 {
        artists.clear();
        for file in files {
            let folder = file
                .parent()
                .map(|p| p.display().to_string())
                .unwrap_or_default();
            artists.entry(folder).or_default().push(file.clone());
        }
        if artists.len() == 1 {
            artists = files
                .iter()
                .map(|file| (file.display().to_string(), vec![file.clone()]))
                .collect();
        }
    }
    let mut by_size: Vec<(String, Vec<PathBuf>)> = artists.into_iter().collect();
    by_size.sort_by(|(a_name, a), (b_name, b)| b.len().cmp(&a.len()).then(a_name.cmp(b_name)));
    let mut hands = [Vec::new(), Vec::new()];
    for (_, mut theirs) in by_size {
        let lighter = usize::from(hands[1].len() < hands[0].len());
        hands[lighter].append(&mut theirs);
    }
    hands
}

/// Whom a file is by: the release's artist, the track's, else the folder it lies in. A file that
/// cannot be read stays in the hand: the import says what is wrong with it.
fn artist_of(path: &Path) -> String {
    tagged_artist(path).unwrap_or_else(|| {
        path.parent()
            .map(|p| p.display().to_string())
            .unwrap_or_default()
    })
}

fn tagged_artist(path: &Path) -> Option<String> {
    let file = lofty::read_from_path(path).ok()?;
    let tag = file.primary_tag().or_else(|| file.first_tag())?;
    tag.get_string(ItemKey::AlbumArtist)
        .map(str::to_owned)
        .or_else(|| tag.artist().map(|artist| artist.into_owned()))
        .filter(|name| !name.trim().is_empty())
}

/// The artists of some files, each once: what a member would search for.
pub fn artists_of(files: &[PathBuf]) -> Vec<String> {
    let names: BTreeSet<String> = files
        .iter()
        .filter_map(|file| tagged_artist(file))
        .collect();
    names.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(names: &[&str]) -> Vec<PathBuf> {
        names.iter().map(PathBuf::from).collect()
    }

    #[test]
    fn a_folder_nobody_tagged_is_dealt_by_folders_that_stay_whole() {
        let files = paths(&[
            "a/1.ogg", "a/2.ogg", "a/3.ogg", "b/1.ogg", "c/1.ogg", "c/2.ogg",
        ]);
        let hands = deal(&files, &|| ());
        assert_eq!(hands[0], paths(&["a/1.ogg", "a/2.ogg", "a/3.ogg"]));
        assert_eq!(hands[1], paths(&["c/1.ogg", "c/2.ogg", "b/1.ogg"]));
    }

    #[test]
    fn one_folder_alone_is_still_dealt_to_both() {
        let hands = deal(&paths(&["a/1.ogg", "a/2.ogg", "a/3.ogg"]), &|| ());
        assert_eq!(hands.map(|hand| hand.len()), [2, 1]);
    }
}
