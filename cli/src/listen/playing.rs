//! Playing: one work after the other on the speakers, with a plain face on a terminal. The next
//! work is fetched while this one sounds, and what was heard is written down when it ends.

use std::io::Cursor;
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow};
use cli::post::Play;
use console::{Key, Term};
use indicatif::{ProgressBar, ProgressStyle};
use rodio::{Decoder, DeviceSinkBuilder, MixerDeviceSink, Player};
use tokio::runtime::Runtime;

use crate::keeping::Keeping;
use crate::{AtNode, Queue, Work};

/// How often the face is drawn and keys are read.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// What somebody wants who pressed a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wish {
    Next,
    Previous,
    Pause,
    Quit,
}

/// Plays the queue to its end, or until somebody wants no more.
pub fn play(runtime: &Runtime, node: &AtNode, keeping: &mut Keeping, queue: &Queue) -> Result<()> {
    let speakers = speakers()?;
    let keys = keys();
    let mut at = 0;
    let mut ahead: Option<(usize, Vec<u8>)> = None;
    while let Some(work) = queue.works.get(at) {
        let sound = match ahead.take() {
            Some((which, sound)) if which == at => Ok(sound),
            _ => runtime.block_on(node.sound(&work.id)),
        };
        let sound = match sound {
            Ok(sound) => sound,
            Err(error) => {
                eprintln!("{} cannot be played: {error:#}", work.title);
                at += 1;
                continue;
            }
        };
        let next = queue.works.get(at + 1);
        let (wish, fetched) = std::thread::scope(|scope| {
            let fetching =
                next.map(|next| scope.spawn(|| runtime.block_on(node.sound(&next.id)).ok()));
            let wish = play_one(node, keeping, &speakers, &keys, work, sound, queue);
            (
                wish,
                fetching.and_then(|fetching| fetching.join().ok()).flatten(),
            )
        });
        ahead = fetched.map(|sound| (at + 1, sound));
        // A node that is away gets the plays another time.
        if let Err(error) = runtime.block_on(node.hand_in(keeping)) {
            tracing::debug!(%error, "the plays wait");
        }
        match wish? {
            Some(Wish::Quit) => break,
            Some(Wish::Previous) => at = at.saturating_sub(1),
            _ => at += 1,
        }
    }
    let waiting = keeping.journal.waiting().len();
    if waiting > 0 {
        eprintln!(
            "{} does not take plays now; {waiting} wait and are handed in next time.",
            keeping.identity.node
        );
    }
    Ok(())
}

/// Opens the speakers.
fn speakers() -> Result<MixerDeviceSink> {
    let mut speakers = DeviceSinkBuilder::open_default_sink().map_err(|error| {
        anyhow!(
            "there is no sound device to play on ({error}): plug in speakers, or name a device in \
             ~/.asoundrc"
        )
    })?;
    speakers.log_on_drop(false);
    Ok(speakers)
}

/// Keys that are pressed, where there is a terminal to press them on.
fn keys() -> Receiver<Wish> {
    let (press, pressed) = channel();
    let term = Term::stderr();
    if term.is_term() {
        std::thread::spawn(move || {
            while let Ok(key) = term.read_key() {
                let wish = match key {
                    Key::Char('n') | Key::ArrowRight => Wish::Next,
                    Key::Char('p') | Key::ArrowLeft => Wish::Previous,
                    Key::Char(' ') => Wish::Pause,
                    Key::Char('q') | Key::Escape | Key::CtrlC => Wish::Quit,
                    _ => continue,
                };
                if press.send(wish).is_err() {
                    return;
                }
            }
        });
    }
    pressed
}

/// Plays one work, and writes down for how long it was heard. Returns what somebody wished, if
/// it did not simply end.
fn play_one(
    node: &AtNode,
    keeping: &mut Keeping,
    speakers: &MixerDeviceSink,
    keys: &Receiver<Wish>,
    work: &Work,
    sound: Vec<u8>,
    queue: &Queue,
) -> Result<Option<Wish>> {
    let source = Decoder::try_from(Cursor::new(sound))
        .with_context(|| format!("{} cannot be decoded", work.title))?;
    let face = Face::of(work);
    let started = node.clock.now_text();
    let player = Player::connect_new(speakers.mixer());
    player.append(source);
    let mut heard = Heard::new();
    let wish = loop {
        match keys.try_recv() {
            Ok(Wish::Pause) if player.is_paused() => player.play(),
            Ok(Wish::Pause) => player.pause(),
            Ok(wish) => break Some(wish),
            Err(TryRecvError::Empty | TryRecvError::Disconnected) => {}
        }
        if player.empty() {
            break None;
        }
        heard.look(player.get_pos(), player.is_paused());
        face.show(player.get_pos(), player.is_paused());
        std::thread::sleep(LOOK_EVERY);
    };
    if wish.is_none() {
        heard.look(Duration::from_millis(work.duration_ms), false);
    }
    player.stop();
    face.close();
    let seconds = heard.seconds();
    if seconds > 0 {
        keeping.journal.played(Play {
            id: node.clock.fresh_id(),
            work: work.id.clone(),
            started,
            seconds,
            selection: queue.selection.clone(),
        })?;
    }
    Ok(wish)
}

/// For how long somebody really heard something: the sound's own time, and never more than passed
/// in the room while it was not paused.
struct Heard {
    sounded: Duration,
    passed: Duration,
    last: Instant,
}

impl Heard {
    fn new() -> Self {
        Heard {
            sounded: Duration::ZERO,
            passed: Duration::ZERO,
            last: Instant::now(),
        }
    }

    fn look(&mut self, position: Duration, paused: bool) {
        let now = Instant::now();
        if !paused {
            self.passed += now - self.last;
        }
        self.last = now;
        self.sounded = self.sounded.max(position);
    }

    fn seconds(&self) -> u64 {
        self.sounded.min(self.passed).as_secs()
    }
}

/// The face: a title and a bar on a terminal, a line where there is none.
struct Face {
    bar: ProgressBar,
    title: String,
}

impl Face {
    fn of(work: &Work) -> Self {
        let title = if work.credit.is_empty() {
            work.title.clone()
        } else {
            format!("{} — {}", work.title, work.credit)
        };
        let bar = ProgressBar::new(work.duration_ms / 1000);
        let style = ProgressStyle::with_template(
            "{msg}\n  {bar:40} {pos}/{len} s   n next · p previous · space pause · q quit",
        );
        if let Ok(style) = style {
            bar.set_style(style.progress_chars("━╸ "));
        }
        bar.set_message(title.clone());
        if bar.is_hidden() {
            println!("{title}");
        }
        Face { bar, title }
    }

    fn show(&self, position: Duration, paused: bool) {
        self.bar.set_position(position.as_secs());
        self.bar.set_message(if paused {
            format!("{} (paused)", self.title)
        } else {
            self.title.clone()
        });
    }

    fn close(self) {
        self.bar.finish_and_clear();
    }
}
