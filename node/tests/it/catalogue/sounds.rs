//! Sounds for the tests: short sines in real files.

use std::fs;
use std::path::{Path, PathBuf};

use flacenc::bitsink::ByteSink;
use flacenc::component::BitRepr;
use flacenc::error::Verify;
use lofty::config::WriteOptions;
use lofty::tag::{ItemKey, Tag, TagExt, TagType};
use node::Node;
use node::catalogue::import::{self, ImportEvent, ImportOptions, ImportSummary};

/// Samples a second.
pub const RATE: u32 = 8_000;

/// A sine of so many hertz, 16 bits, one channel.
pub fn sine(hertz: u32, seconds: u32) -> Vec<i32> {
    (0..RATE * seconds)
        .map(|at| {
            let turn = f64::from(at * hertz) / f64::from(RATE) * std::f64::consts::TAU;
            (turn.sin() * 8_000.0) as i32
        })
        .collect()
}

/// A WAV file, byte by byte.
pub fn wav(hertz: u32, seconds: u32) -> Vec<u8> {
    let samples = sine(hertz, seconds);
    let data = u32::try_from(samples.len() * 2).unwrap();
    let mut bytes = b"RIFF".to_vec();
    bytes.extend((36 + data).to_le_bytes());
    bytes.extend(b"WAVEfmt ");
    bytes.extend(16_u32.to_le_bytes());
    bytes.extend(1_u16.to_le_bytes());
    bytes.extend(1_u16.to_le_bytes());
    bytes.extend(RATE.to_le_bytes());
    bytes.extend((RATE * 2).to_le_bytes());
    bytes.extend(2_u16.to_le_bytes());
    bytes.extend(16_u16.to_le_bytes());
    bytes.extend(b"data");
    bytes.extend(data.to_le_bytes());
    for sample in samples {
        bytes.extend(i16::try_from(sample).unwrap().to_le_bytes());
    }
    bytes
}

/// A FLAC file.
pub fn flac(hertz: u32, seconds: u32) -> Vec<u8> {
    let config = flacenc::config::Encoder::default().into_verified().unwrap();
    let samples = sine(hertz, seconds);
    let source = flacenc::source::MemSource::from_samples(&samples, 1, 16, RATE as usize);
    let stream = flacenc::encode_with_fixed_block_size(&config, source, config.block_size).unwrap();
    let mut sink = ByteSink::new();
    stream.write(&mut sink).unwrap();
    sink.as_slice().to_vec()
}

/// Writes a file below `folder`, its folders too.
pub fn put(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, bytes).unwrap();
    path
}

/// A tag of these texts.
pub fn tag(kind: TagType, texts: &[(ItemKey, &str)]) -> Tag {
    let mut tag = Tag::new(kind);
    for (key, text) in texts {
        assert!(tag.insert_text(*key, (*text).to_owned()), "{key:?}");
    }
    tag
}

/// Writes a FLAC file with these tags.
pub fn tagged(folder: &Path, name: &str, hertz: u32, texts: &[(ItemKey, &str)]) -> PathBuf {
    tagged_for(folder, name, hertz, 2, texts)
}

/// Writes a FLAC file of so many seconds with these tags.
pub fn tagged_for(
    folder: &Path,
    name: &str,
    hertz: u32,
    seconds: u32,
    texts: &[(ItemKey, &str)],
) -> PathBuf {
    let path = put(folder, name, &flac(hertz, seconds));
    tag(TagType::VorbisComments, texts)
        .save_to_path(&path, WriteOptions::default())
        .unwrap();
    path
}

/// Imports as the command does, and keeps what it said on the way.
pub fn import(node: &Node, path: &Path) -> (ImportSummary, Vec<ImportEvent>) {
    let mut events = Vec::new();
    let options = ImportOptions::default();
    let paths = [path.to_path_buf()];
    let summary = tokio::task::block_in_place(|| {
        import::run(node, &paths, &options, &mut |event| events.push(event)).unwrap()
    });
    (summary, events)
}
