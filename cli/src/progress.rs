//! What is going on, for whoever waits: a bar on a terminal, a plain line every ten seconds where there
//! is none.

use std::borrow::Cow;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use indicatif::{
    HumanBytes, HumanCount, HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle,
};

/// How often a plain line tells how far it is, in seconds.
const PLAIN: u64 = 10;

/// One step of some work, told on standard error.
pub struct Step {
    bar: ProgressBar,
    in_bytes: bool,
    /// When the next plain line is due, in seconds since the beginning.
    next_line: AtomicU64,
}

impl Step {
    /// A step of `total` equal parts, with rate and time left.
    pub fn counted(what: impl Into<Cow<'static, str>>, total: u64) -> Self {
        let style = ProgressStyle::with_template(
            "  {msg:<38.38!} {bar:28} {human_pos}/{human_len} · {per_sec} · {eta} left",
        );
        Self::begin(ProgressBar::new(total), style, what)
    }

    /// A step of so many bytes, with rate and time left; how many is told by [`Step::of`].
    pub fn bytes(what: impl Into<Cow<'static, str>>) -> Self {
        let style = ProgressStyle::with_template(
            "  {msg:<38.38!} {bar:28} {bytes}/{total_bytes} · {bytes_per_sec} · {eta} left",
        );
        Step {
            in_bytes: true,
            ..Self::begin(ProgressBar::new(0), style, what)
        }
    }

    /// A step that takes as long as it takes.
    pub fn open(what: impl Into<Cow<'static, str>>) -> Self {
        let style = ProgressStyle::with_template("{spinner} {msg}");
        Self::begin(ProgressBar::new_spinner(), style, what)
    }

    fn begin(
        bar: ProgressBar,
        style: Result<ProgressStyle, indicatif::style::TemplateError>,
        what: impl Into<Cow<'static, str>>,
    ) -> Self {
        bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(12));
        if let Ok(style) = style {
            bar.set_style(style.progress_chars("━╸ "));
        }
        bar.set_message(what);
        bar.enable_steady_tick(Duration::from_millis(120));
        Step {
            bar,
            in_bytes: false,
            next_line: AtomicU64::new(PLAIN),
        }
    }

    /// One part more is done.
    pub fn advance(&self) {
        self.bar.inc(1);
        self.plain_line();
    }

    /// So many parts are done.
    pub fn at(&self, parts: u64) {
        let all = self.bar.length().unwrap_or(u64::MAX);
        self.bar.set_position(parts.min(all));
        self.plain_line();
    }

    /// Where there is no bar to be seen: how far it is, how fast, and how long it will take.
    fn plain_line(&self) {
        if !self.bar.is_hidden() {
            return;
        }
        let so_far = self.bar.elapsed().as_secs();
        let due = self.next_line.load(Ordering::Relaxed);
        let all = self.bar.length().unwrap_or(0);
        if so_far < due || all == 0 {
            return;
        }
        self.next_line.store(so_far + PLAIN, Ordering::Relaxed);
        let done = self.bar.position();
        let rate = done / so_far.max(1);
        let left = Duration::from_secs((all - done.min(all)) / rate.max(1));
        let of = match self.in_bytes {
            true => format!(
                "{} of {}, {}/s",
                HumanBytes(done),
                HumanBytes(all),
                HumanBytes(rate)
            ),
            false => format!(
                "{} of {}, {}/s",
                HumanCount(done),
                HumanCount(all),
                HumanCount(rate)
            ),
        };
        let what = self.bar.message();
        eprintln!("  {what}: {of}, {} left", HumanDuration(left));
    }

    /// There are this many parts after all.
    pub fn of(&self, total: u64) {
        self.bar.set_length(total);
    }

    /// What is being done just now.
    pub fn say(&self, what: impl Into<Cow<'static, str>>) {
        self.bar.set_message(what);
    }

    /// A line above the bar, or a plain one.
    pub fn tell(&self, line: &str) {
        if self.bar.is_hidden() {
            eprintln!("{line}");
        } else {
            self.bar.println(line);
        }
    }

    /// The step is done: one line says what came of it.
    pub fn done(self, line: impl AsRef<str>) {
        self.bar.finish_and_clear();
        eprintln!("✓ {}", line.as_ref());
    }

    /// The step is done and there is nothing to say of it.
    pub fn clear(self) {
        self.bar.finish_and_clear();
    }
}
